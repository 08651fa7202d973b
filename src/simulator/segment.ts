import type { Tone } from "./dtmf-detector.ts";

/** A recognised word; times are ms from the session's first sample. */
export interface Word {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0..1. */
  readonly score: number;
}

/** Length of a frame of sound whose level is known, ms. */
export const frameMs = 5;

/** Digits that follow each other within this are one word, ms. */
export const wordGapMs = 250;

/** Around a word, sound belongs to it: its tones' edges are only known to some ms. */
const wordMarginMs = 25;
/** Sound that is no digit is reported from this much of it on; less is the rest of a tone that was cut. */
const shortestSoundMs = 80;
const soundScore = 0.5;

/** A segment that is still growing. */
export interface Draft {
  /** A multiple of the frame. */
  readonly startMs: number;
  /** The level of each frame from `startMs` on; null: no voice. */
  readonly levels: LevelTrack;
  readonly tones: readonly Tone[];
}

/** Levels of frames in half dB, one byte each: a minute of sound is 12 kB. */
export class LevelTrack {
  #bytes: Uint8Array = new Uint8Array(128);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param dbfs the frame's RMS, or null when it holds no voice */
  push(dbfs: number | null): void {
    if (this.#length === this.#bytes.length) {
      const wider = new Uint8Array(this.#bytes.length * 2);
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    this.#bytes[this.#length++] = dbfs === null ? 0 : Math.max(1, Math.min(255, Math.round(dbfs * -2)));
  }

  at(frame: number): number | null {
    const byte = frame < this.#length ? (this.#bytes[frame] ?? 0) : 0;
    return byte === 0 ? null : byte / -2;
  }

  /** The levels from `frame` on, as a track of its own. */
  from(frame: number): LevelTrack {
    const rest = new LevelTrack();
    for (let i = frame; i < this.#length; i++) rest.push(this.at(i));
    return rest;
  }

  /** The frame after the last one with voice before `frame`; 0 if there is none. */
  voiceEnd(frame: number): number {
    let end = Math.min(frame, this.#length);
    while (end > 0 && this.at(end - 1) === null) end--;
    return end;
  }
}

/** Digits as words. */
export function digitWords(tones: readonly Tone[]): Word[] {
  const words: Word[] = [];
  let letters: Tone[] = [];
  const close = () => {
    const first = letters[0];
    const last = letters.at(-1);
    if (first === undefined || last === undefined) return;
    words.push({
      text: letters.map((tone) => tone.digit).join(""),
      startMs: first.startMs,
      endMs: last.endMs,
      score: letters.reduce((sum, tone) => sum + tone.quality, 0) / letters.length,
    });
    letters = [];
  };
  for (const tone of tones) {
    const previous = letters.at(-1);
    if (previous !== undefined && tone.startMs - previous.endMs >= wordGapMs) close();
    letters.push(tone);
  }
  close();
  return words;
}

/** All words of a segment up to frame `end`, in order: digits, and other sound as `sound(1240ms,-18dBFS)`. */
export function wordsOf(draft: Draft, end: number): Word[] {
  const digits = digitWords(draft.tones);
  return [...digits, ...soundWords(draft, end, digits)].toSorted((a, b) => a.startMs - b.startMs);
}

function soundWords(draft: Draft, end: number, digits: readonly Word[]): Word[] {
  const words: Word[] = [];
  let sound: { readonly from: number; to: number; frames: number; power: number } | null = null;
  const close = () => {
    if (sound !== null && sound.frames * frameMs >= shortestSoundMs) {
      const startMs = draft.startMs + sound.from * frameMs;
      const endMs = draft.startMs + sound.to * frameMs;
      const level = Math.round(10 * Math.log10(sound.power / sound.frames));
      words.push({ text: `sound(${endMs - startMs}ms,${level}dBFS)`, startMs, endMs, score: soundScore });
    }
    sound = null;
  };
  let nextDigit = 0;
  for (let frame = 0; frame < end; frame++) {
    const level = draft.levels.at(frame);
    if (level === null) continue;
    const atMs = draft.startMs + frame * frameMs;
    let digit = digits[nextDigit];
    while (digit !== undefined && digit.endMs + wordMarginMs <= atMs) {
      close();
      digit = digits[++nextDigit];
    }
    if (digit !== undefined && digit.startMs - wordMarginMs < atMs + frameMs) continue;
    if (sound !== null && (frame - sound.to) * frameMs >= wordGapMs) close();
    sound ??= { from: frame, to: frame, frames: 0, power: 0 };
    sound.to = frame + 1;
    sound.frames++;
    sound.power += 10 ** (level / 10);
  }
  close();
  return words;
}
