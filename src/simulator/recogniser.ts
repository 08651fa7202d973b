import type { SampleRate } from "./dtmf.ts";
import { DtmfDetector, type Tone } from "./dtmf-detector.ts";
import { type Draft, digitWords, frameMs, LevelTrack, type Word, wordGapMs, wordsOf } from "./segment.ts";

/** How a session is to be cut into segments. */
export interface RecogniserSettings {
  readonly sampleRate: SampleRate;
  /** Silence that ends a segment, ms; under 30 counts as 30, since a tone is known only then. Infinity: only the end does. */
  readonly vadTailMs: number;
  /** Longest segment, ms; Infinity: none. */
  readonly longestMs: number;
  /** Whether unfinished segments are told. */
  readonly interim: boolean;
  /** Sound from this RMS (over 5 ms) up is voice, dBFS. */
  readonly voiceDbfs: number;
}

/** What the recogniser found; times are ms from the first sample. */
export type Finding =
  | { readonly type: "voice-start"; readonly startMs: number }
  | { readonly type: "interim"; readonly startMs: number; readonly endMs: number; readonly words: readonly Word[] }
  /** No words: sound that is neither a digit nor long enough to report. */
  | { readonly type: "segment"; readonly startMs: number; readonly endMs: number; readonly words: readonly Word[] };

/** Voice has begun when this much of it came without a break: less is a click, or the rest of a tone that was cut. */
const onsetFrames = 25 / frameMs;
/** A break shorter than this may be inside a tone that is not known yet. */
const shortestTailMs = 30;
/** Voice that began so recently may be a tone that is not known yet: a forced cut goes before it. */
const recentMs = 150;
const interimEveryMs = 200;

type Voice =
  /** `run`: levels of the voice just now, not enough yet. */
  | { readonly phase: "quiet"; readonly run: readonly number[] }
  | { readonly phase: "voice"; readonly draft: Draft; readonly toldMs: number };

/**
 * Recognises one session's sound: DTMF digits as words, other sound by its duration and level. Has no model and no
 * randomness: the same samples give the same findings, however they are cut. Memory is bounded by the longest segment.
 */
export class Recogniser {
  readonly #settings: RecogniserSettings;
  readonly #detector: DtmfDetector;
  readonly #frame: Int16Array;
  #fill = 0;
  /** Frames completed. */
  #frames = 0;
  #voice: Voice = { phase: "quiet", run: [] };

  constructor(settings: RecogniserSettings) {
    this.#settings = settings;
    this.#detector = new DtmfDetector(settings.sampleRate);
    this.#frame = new Int16Array((settings.sampleRate * frameMs) / 1000);
  }

  /** Takes the next samples, any number of them. */
  push(samples: Int16Array): Finding[] {
    const findings: Finding[] = [];
    for (let at = 0; at < samples.length; ) {
      const piece = samples.subarray(at, at + this.#frame.length - this.#fill);
      this.#frame.set(piece, this.#fill);
      this.#fill += piece.length;
      at += piece.length;
      if (this.#fill === this.#frame.length) findings.push(...this.#take());
    }
    return findings;
  }

  /** The sound is over: finishes what was begun. Nothing may be pushed afterwards. */
  finish(): Finding[] {
    const findings = this.#fill === 0 ? [] : this.push(new Int16Array(this.#frame.length - this.#fill));
    const voice = this.#voice;
    if (voice.phase === "quiet") return findings;
    const draft = { ...voice.draft, tones: [...voice.draft.tones, ...this.#detector.finish()] };
    return [...findings, segmentOf(draft, draft.levels.length)];
  }

  /** One frame further. */
  #take(): Finding[] {
    this.#fill = 0;
    this.#frames++;
    const level = levelOf(this.#frame);
    const heard = level >= this.#settings.voiceDbfs ? level : null;
    const tones = this.#detector.push(this.#frame);
    return this.#voice.phase === "quiet"
      ? this.#listen(this.#voice.run, heard)
      : this.#follow(this.#voice, heard, tones);
  }

  #listen(run: readonly number[], heard: number | null): Finding[] {
    const longer = heard === null ? [] : [...run, heard];
    if (longer.length < onsetFrames) {
      this.#voice = { phase: "quiet", run: longer };
      return [];
    }
    const levels = new LevelTrack();
    for (const level of longer) levels.push(level);
    const startMs = (this.#frames - longer.length) * frameMs;
    this.#voice = { phase: "voice", draft: { startMs, levels, tones: [] }, toldMs: 0 };
    return [{ type: "voice-start", startMs }];
  }

  #follow(voice: Extract<Voice, { phase: "voice" }>, heard: number | null, tones: readonly Tone[]): Finding[] {
    const { levels, startMs } = voice.draft;
    levels.push(heard);
    const draft = tones.length === 0 ? voice.draft : { startMs, levels, tones: [...voice.draft.tones, ...tones] };
    const silentMs = (levels.length - levels.voiceEnd(levels.length)) * frameMs;
    if (silentMs >= Math.max(shortestTailMs, this.#settings.vadTailMs)) {
      this.#voice = { phase: "quiet", run: [] };
      return [segmentOf(draft, levels.length)];
    }
    if (levels.length * frameMs >= this.#settings.longestMs) return this.#cut(draft);
    const nowMs = this.#frames * frameMs;
    if (this.#settings.interim && tones.length > 0 && nowMs - voice.toldMs >= interimEveryMs) {
      this.#voice = { phase: "voice", draft, toldMs: nowMs };
      const endMs = startMs + levels.voiceEnd(levels.length) * frameMs;
      return [{ type: "interim", startMs, endMs, words: digitWords(draft.tones) }];
    }
    this.#voice = { ...voice, draft };
    return [];
  }

  /** The segment is as long as it may be: what is complete goes out, an unfinished word begins the next segment. */
  #cut(draft: Draft): Finding[] {
    const frame = cutFrame(draft);
    const cutMs = draft.startMs + frame * frameMs;
    const kept = { ...draft, tones: draft.tones.filter((tone) => tone.startMs < cutMs) };
    const rest = { startMs: cutMs, levels: draft.levels.from(frame), tones: draft.tones.slice(kept.tones.length) };
    const goesOn = rest.levels.voiceEnd(rest.levels.length) > 0 || draft.levels.at(draft.levels.length - 1) !== null;
    this.#voice = goesOn ? { phase: "voice", draft: rest, toldMs: 0 } : { phase: "quiet", run: [] };
    return [segmentOf(kept, frame)];
  }
}

/** Where to cut a segment that has become too long: its end, or before the word (or perhaps a word) that is still being said. */
function cutFrame(draft: Draft): number {
  const { levels, startMs, tones } = draft;
  let frame = levels.length;
  let runStart = frame;
  while (runStart > 0 && levels.at(runStart - 1) !== null) runStart--;
  if ((frame - runStart) * frameMs < recentMs) frame = runStart;
  const words = digitWords(tones);
  const last = words.at(-1);
  if (last !== undefined && last.endMs + wordGapMs > startMs + frame * frameMs) {
    const before = Math.floor((last.startMs - startMs) / frameMs);
    if (before >= onsetFrames) frame = before;
  }
  return frame >= onsetFrames ? frame : levels.length;
}

function segmentOf(draft: Draft, frames: number): Finding {
  const end = draft.levels.voiceEnd(frames);
  return { type: "segment", startMs: draft.startMs, endMs: draft.startMs + end * frameMs, words: wordsOf(draft, end) };
}

/** RMS of samples, dBFS (0 = a square wave at full scale); -Infinity for silence. */
function levelOf(samples: Int16Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return 10 * Math.log10(power / samples.length / 32768 ** 2);
}
