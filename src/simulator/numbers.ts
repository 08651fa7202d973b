import { type DtmfShape, dtmf, plainDtmf, type SampleRate, samplesIn } from "./dtmf.ts";

/**
 * Sound that carries a running number: word i (from 1) says i in DTMF digits, padded with zeros. What comes out of
 * recognition therefore tells by itself which words were lost, doubled or out of order on the way.
 */
export interface NumberShape {
  readonly sampleRate: SampleRate;
  /** When word 1 begins, ms from the start of the sound. */
  readonly firstAtMs: number;
  /**
   * From the beginning of a word to that of the next, ms. Leave at least `vad_tail` of silence between words for one
   * segment each.
   */
  readonly everyMs: number;
  /** Digits of a word. A word that was cut has fewer, so that it cannot be taken for another number. */
  readonly digits: number;
  readonly tones: Omit<DtmfShape, "sampleRate">;
}

/** Four digits every 1.2 s, the first at 0.3 s: 360 ms of tones, 840 ms of silence. */
export function plainNumbers(sampleRate: SampleRate): NumberShape {
  return { sampleRate, firstAtMs: 300, everyMs: 1200, digits: 4, tones: plainDtmf };
}

/** Where a word is in the sound, ms from its start. */
export interface NumberWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Word `number` (from 1) of the sound. */
export function numberWord(number: number, shape: NumberShape): NumberWord {
  const text = numberText(number, shape.digits);
  const startMs = shape.firstAtMs + (number - 1) * shape.everyMs;
  return { text, startMs, endMs: startMs + wordMs(text.length, shape) };
}

/** How many words are complete in the first `ms` of the sound. */
export function numbersWithin(ms: number, shape: NumberShape): number {
  return Math.max(0, Math.floor((ms - shape.firstAtMs - wordMs(shape.digits, shape)) / shape.everyMs) + 1);
}

/**
 * Any part of the sound, which has no end: `length` samples from sample `from` on. The same however it is cut.
 * Costs no more than its length.
 */
export function numberSamples(from: number, length: number, shape: NumberShape): Int16Array {
  const samples = new Int16Array(length);
  const positionOf = (number: number) => samplesIn(shape.firstAtMs + (number - 1) * shape.everyMs, shape.sampleRate);
  const wordLength = samplesIn(wordMs(shape.digits, shape), shape.sampleRate);
  const firstMs = (from - wordLength) / (shape.sampleRate / 1000);
  let number = Math.max(1, Math.floor((firstMs - shape.firstAtMs) / shape.everyMs));
  for (; positionOf(number) < from + length; number++) {
    const word = dtmf(numberText(number, shape.digits), { ...shape.tones, sampleRate: shape.sampleRate });
    const offset = positionOf(number) - from;
    const cutHead = Math.max(0, -offset);
    if (cutHead >= word.length) continue;
    samples.set(word.subarray(cutHead, cutHead + length - Math.max(0, offset)), Math.max(0, offset));
  }
  return samples;
}

/** The sound of words 1 to `count`, with as much silence after the last as there is between two. */
export function numberSound(count: number, shape: NumberShape): Int16Array {
  return numberSamples(0, samplesIn(shape.firstAtMs + count * shape.everyMs, shape.sampleRate), shape);
}

/** What became of words 1 to `sent`. */
export interface NumberAccount {
  readonly sent: number;
  /** Different numbers that were heard. `heard + lost = sent`. */
  readonly heard: number;
  readonly lost: number;
  /** Hearings beyond the first, over all numbers. */
  readonly doubled: number;
  /** Numbers first heard after a greater one. */
  readonly outOfOrder: number;
  /** Words that are none of the numbers sent: pieces of one, or something else. */
  readonly other: number;
}

/**
 * The account of what was heard, in the order in which it was.
 *
 * @param sent numbers 1 to `sent` were complete in the sound
 * @param texts recognised texts, each with any number of words
 * @param digits as in the shape of the sound
 */
export function accountNumbers(sent: number, texts: Iterable<string>, digits: number): NumberAccount {
  const seen = new Set<number>();
  let doubled = 0;
  let outOfOrder = 0;
  let other = 0;
  let greatest = 0;
  for (const word of [...texts].flatMap((text) => text.split(/[\s。，]+/u))) {
    if (word === "") continue;
    const number = Number(word);
    if (!/^\d+$/.test(word) || number < 1 || number > sent || word !== numberText(number, digits)) {
      other++;
    } else if (seen.has(number)) {
      doubled++;
    } else {
      seen.add(number);
      if (number < greatest) outOfOrder++;
      greatest = Math.max(greatest, number);
    }
  }
  return { sent, heard: seen.size, lost: sent - seen.size, doubled, outOfOrder, other };
}

function numberText(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}

function wordMs(digits: number, shape: NumberShape): number {
  return digits * shape.tones.toneMs + (digits - 1) * shape.tones.gapMs;
}
