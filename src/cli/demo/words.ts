import { type NumberShape, numberSamples, numbersWithin, numberWord, plainNumbers } from "../../simulator/numbers.ts";

/** What the demo's voice says: running numbers, so that it shows by itself what got lost or came twice; then silence. */
export const sampleRate = 16_000;
export const numberShape: NumberShape = plainNumbers(sampleRate);

/** Words that the voice can say within `ms`. */
export function wordsWithin(ms: number): number {
  return numbersWithin(ms, numberShape);
}

/** Words that are complete within `ms` of a voice that says `words` words in all. */
export function wordsSaid(ms: number, words: number): number {
  return Math.min(words, wordsWithin(ms));
}

/** Any part of the voice, which has no end: `length` samples from sample `from` on. */
export function voice(from: number, length: number, words: number): Int16Array {
  const samples = numberSamples(from, length, numberShape);
  const silentFrom = Math.round((numberWord(words, numberShape).endMs * sampleRate) / 1000);
  return samples.fill(0, Math.max(0, silentFrom - from));
}

/** The word that is being said at `ms` in the voice, and has been for a third of its length; null: none. */
export function wordInMiddle(ms: number, words: number): string | null {
  const number = wordsSaid(ms, words) + 1;
  if (number > words) return null;
  const { text, startMs, endMs } = numberWord(number, numberShape);
  const third = (endMs - startMs) / 3;
  return ms >= startMs + third && ms < endMs ? text : null;
}
