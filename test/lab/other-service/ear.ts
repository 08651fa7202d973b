import { type Digit, decodeDigits, rms } from "./digits.ts";

/** Something said: where it is in the session, and the digits in it (none: noise). */
export interface Utterance {
  readonly startMs: number;
  readonly endMs: number;
  readonly digits: readonly Digit[];
}

export type Heard =
  | { readonly type: "onset"; readonly atMs: number }
  /** What is being said, so far. */
  | { readonly type: "so-far"; readonly utterance: Utterance }
  | { readonly type: "said"; readonly utterance: Utterance; readonly hushMs: number };

interface Speech {
  readonly startMs: number;
  readonly frames: Int16Array[];
  lastLoudMs: number;
}

const frameMs = 10;
const loudness = 300;
const soFarEveryMs = 200;

/** Listens to the sound of a session: what is loud is speech, and `tailMs` of silence ends it. */
export class Ear {
  readonly #rate: number;
  readonly #tailMs: number;
  #rest = new Int16Array(0);
  #nowMs = 0;
  #speech: Speech | null = null;

  constructor(rate: number, tailMs: number) {
    this.#rate = rate;
    this.#tailMs = tailMs;
  }

  /** How much sound it has heard. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get hearsSpeech(): boolean {
    return this.#speech !== null;
  }

  hear(samples: Int16Array): Heard[] {
    const length = (this.#rate * frameMs) / 1000;
    const all = new Int16Array(this.#rest.length + samples.length);
    all.set(this.#rest);
    all.set(samples, this.#rest.length);
    const whole = all.length - (all.length % length);
    this.#rest = all.slice(whole);
    const heard: Heard[] = [];
    for (let at = 0; at < whole; at += length) heard.push(...this.#frame(all.subarray(at, at + length)));
    return heard;
  }

  /** There will be no more: what is being said is over. */
  end(): Heard[] {
    return this.#speech === null ? [] : [this.#over(this.#speech)];
  }

  #frame(frame: Int16Array): Heard[] {
    const startMs = this.#nowMs;
    this.#nowMs += frameMs;
    const loud = rms(frame) > loudness;
    if (this.#speech === null) {
      if (!loud) return [];
      this.#speech = { startMs, frames: [frame], lastLoudMs: this.#nowMs };
      return [{ type: "onset", atMs: startMs }];
    }
    this.#speech.frames.push(frame);
    if (loud) this.#speech.lastLoudMs = this.#nowMs;
    if (this.#nowMs - this.#speech.lastLoudMs >= this.#tailMs) return [this.#over(this.#speech)];
    const soFar = loud && (this.#nowMs - this.#speech.startMs) % soFarEveryMs === 0;
    return soFar ? [{ type: "so-far", utterance: this.#utterance(this.#speech) }] : [];
  }

  #over(speech: Speech): Heard {
    this.#speech = null;
    return { type: "said", utterance: this.#utterance(speech), hushMs: this.#nowMs - speech.lastLoudMs };
  }

  #utterance({ startMs, frames, lastLoudMs }: Speech): Utterance {
    const sound = Int16Array.from(frames.flatMap((frame) => [...frame]));
    const digits = decodeDigits(sound, this.#rate).map(({ digit, ...place }) => ({
      digit,
      startMs: startMs + place.startMs,
      endMs: startMs + place.endMs,
    }));
    return { startMs, endMs: lastLoudMs, digits };
  }
}
