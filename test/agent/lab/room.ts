import { headerBytes } from "../../../src/audio/disk/frame.ts";
import { loudness } from "../../lab/model-service.ts";
import type { Word } from "../../lab/service-lab.ts";
import type { Stretch } from "./ear-rights.ts";

export const perMs = 8;
/** Two samples tell their time, in quarters of a millisecond: the first its higher part, below zero, the second its lower. */
const pairsPerMs = perMs / 2;
const lower = 4_096;
const frame = 20 * perMs;
/** What did not sound in the room at all. */
const madeSilence = -1;

/** What can be heard in a room: every sample tells when it sounded, and a schedule which word was spoken then. */
export class Room {
  /** By the millisecond; 0: nobody speaks. */
  readonly #values: Uint16Array;

  constructor(words: readonly Word[]) {
    this.#values = new Uint16Array((words.at(-1)?.endMs ?? 0) + 1);
    for (const { value, startMs, endMs } of words) this.#values.fill(value, startMs, endMs);
  }

  sound({ fromMs, toMs }: Stretch): Int16Array {
    const samples = new Int16Array((toMs - fromMs) * perMs);
    for (let at = 0; at < samples.length; at += 2) {
      const pair = fromMs * pairsPerMs + at / 2;
      samples[at] = -1 - Math.floor(pair / lower);
      samples[at + 1] = 1 + (pair % lower);
    }
    return samples;
  }

  /** When this sounded, in pieces without a jump. What begins or ends within a pair counts as the whole pair. */
  timesOf(samples: Int16Array): readonly Stretch[] {
    const times: { fromMs: number; toMs: number }[] = [];
    for (const pair of pairsIn(samples)) {
      if (pair === madeSilence) continue;
      const fromMs = pair / pairsPerMs;
      const last = times.at(-1);
      if (last?.toMs === fromMs) last.toMs = fromMs + 1 / pairsPerMs;
      else times.push({ fromMs, toMs: fromMs + 1 / pairsPerMs });
    }
    return times;
  }

  /** The same of a frame as it is on disk. */
  timesOfFrame(bytes: Buffer): readonly Stretch[] {
    return this.timesOf(new Int16Array(Uint8Array.from(bytes.subarray(headerBytes)).buffer));
  }

  /** The same sound as the model of the service understands it. */
  wordsOf(samples: Int16Array): Uint8Array {
    const words = new Int16Array(samples.length);
    let at = 0;
    for (const pair of pairsIn(samples)) {
      words.fill(this.#wordAt(pair) * loudness, at, at + 2);
      at += 2;
    }
    return new Uint8Array(words.buffer);
  }

  /** Stands in for an ear: every word is speech, and nothing else is. */
  ear() {
    const ear = {
      suspects: false,
      hear: (samples: Int16Array) =>
        Array.from({ length: samples.length / frame }, (_, index) => {
          const end = (index + 1) * frame;
          ear.suspects = pairsIn(samples.subarray(end - frame, end)).some((pair) => this.#wordAt(pair) !== 0);
          return { end, speech: ear.suspects };
        }),
    };
    return ear;
  }

  #wordAt(pair: number): number {
    return pair === madeSilence ? 0 : (this.#values[Math.floor(pair / pairsPerMs)] ?? 0);
  }
}

function pairsIn(samples: Int16Array): readonly number[] {
  if (samples.length % 2 !== 0) throw new Error("sound was cut within a pair");
  return Array.from({ length: samples.length / 2 }, (_, index) => {
    const high = samples[index * 2] ?? 0;
    const low = samples[index * 2 + 1] ?? 0;
    if (high === 0 && low === 0) return madeSilence;
    if (high >= 0 || low <= 0) throw new Error("this did not sound in the room");
    return (-1 - high) * lower + low - 1;
  });
}
