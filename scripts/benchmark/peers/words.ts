import { accountNumbers, type NumberShape, numberWord } from "../../../src/simulator/numbers.ts";

/** A final result, when the client printed it: ms since the sound began. */
export interface Hearing {
  readonly text: string;
  readonly atMs: number;
}

export interface WordAccount {
  readonly spoken: number;
  readonly lost: number;
  /** Hearings beyond the first, over all words. */
  readonly doubled: number;
  /** What was heard that is no word: pieces of one. */
  readonly pieces: number;
}

/** Who needs longer than this for a word, from its end on, is not live: it is working off what waits. */
const promptMs = 3000;

/** What became of words 1 to `spoken`. */
export function accountWords(spoken: number, hearings: readonly Hearing[], shape: NumberShape): WordAccount {
  const texts = hearings.map(({ text }) => text);
  const { lost, doubled, other } = accountNumbers(spoken, texts, shape.digits);
  return { spoken, lost, doubled, pieces: other };
}

/**
 * From when on words come back promptly: the beginning of the first word that was begun at `fromMs` or later and that
 * was heard promptly, as were all that followed it, ms since the sound began.
 * @param spoken words 1 to `spoken` can be judged: they were complete `promptMs` ago
 * @returns null: the last of them was not heard promptly, or there was none
 */
export function liveFrom(
  fromMs: number,
  spoken: number,
  hearings: readonly Hearing[],
  shape: NumberShape,
): number | null {
  const firstAtMs = new Map<string, number>();
  for (const { text, atMs } of hearings)
    for (const word of text.split(" ")) if (!firstAtMs.has(word)) firstAtMs.set(word, atMs);
  let live: number | null = null;
  for (let number = spoken; number > 0; number -= 1) {
    const { text, startMs, endMs } = numberWord(number, shape);
    const atMs = firstAtMs.get(text);
    if (startMs < fromMs || atMs === undefined || atMs > endMs + promptMs) break;
    live = startMs;
  }
  return live;
}

/** How many words can be judged at a time, ms since the sound began. */
export function judgeable(atMs: number, shape: NumberShape): number {
  const first = numberWord(1, shape);
  return Math.max(0, Math.floor((atMs - promptMs - first.endMs) / shape.everyMs) + 1);
}
