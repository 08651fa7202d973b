import { writeFile } from "node:fs/promises";

/** A WAV file of running numbers of four digits. */
export interface TapePlan {
  readonly first: number;
  readonly count: number;
  readonly everyMs: number;
  /** Silence before the first number. */
  readonly leadMs: number;
  /** Silence after the last number. */
  readonly tailMs: number;
  /** A burst of noise after each number. */
  readonly noise: boolean;
  /** More silence in the middle. */
  readonly pauseMs: number;
  readonly rate: number;
  readonly channels: number;
  readonly bits: 16 | 24;
}

export interface Tape {
  readonly words: readonly { readonly text: string; readonly atMs: number }[];
  readonly lengthMs: number;
}

export const plainTape: TapePlan = {
  first: 1,
  count: 9,
  everyMs: 1300,
  leadMs: 700,
  tailMs: 900,
  noise: false,
  pauseMs: 0,
  rate: 16_000,
  channels: 1,
  bits: 16,
};

const toneMs = 70;
const gapMs = 50;
/** From the beginning of a digit to that of the next. */
export const digitEveryMs = toneMs + gapMs;
const numberMs = 4 * digitEveryMs - gapMs;
const noiseMs = 200;
const noiseAfterMs = 1200;

/** What is on a tape, and when. */
function layOut({ first, count, everyMs, leadMs, tailMs, pauseMs }: TapePlan): Tape {
  const words = Array.from({ length: count }, (_, index) => ({
    text: String(first + index).padStart(4, "0"),
    atMs: leadMs + index * everyMs + (index >= count / 2 ? pauseMs : 0),
  }));
  const last = words.at(-1)?.atMs ?? 0;
  return { words, lengthMs: last + numberMs + tailMs };
}

/** Writes the tape as a WAV file. */
export async function record(path: string, plan: TapePlan): Promise<Tape> {
  const tape = layOut(plan);
  await writeFile(path, wav(sound(tape, plan), plan));
  return tape;
}

function sound(tape: Tape, { rate, noise }: TapePlan): Float64Array {
  const samples = new Float64Array(Math.round((tape.lengthMs * rate) / 1000));
  // No room is quite silent.
  for (let i = 0; i < samples.length; i++) samples[i] = 0.0002 * hiss(i);
  const add = (fromMs: number, lengthMs: number, wave: (seconds: number, index: number) => number) => {
    const from = Math.round((fromMs * rate) / 1000);
    const length = Math.round((lengthMs * rate) / 1000);
    for (let i = 0; i < length; i++) samples[from + i] = (samples[from + i] ?? 0) + wave(i / rate, i);
  };
  for (const { text, atMs } of tape.words) {
    for (const [index, digit] of [...text].entries()) {
      const [low, high] = pair(digit);
      add(atMs + index * digitEveryMs, toneMs, (s) => 0.25 * (sine(low, s) + sine(high, s)));
    }
    if (noise) add(atMs + noiseAfterMs, noiseMs, (_, index) => 0.3 * hiss(index));
  }
  return samples;
}

function sine(frequency: number, seconds: number): number {
  return Math.sin(2 * Math.PI * frequency * seconds);
}

/** White noise, -1 to 1, the same each time. */
function hiss(index: number): number {
  const mixed = Math.imul(index ^ (index >>> 15), 0x2c1b3c6d);
  return Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) / 2 ** 31;
}

function pair(digit: string): [low: number, high: number] {
  const place = "123456789*0#".indexOf(digit);
  return [[697, 770, 852, 941][Math.floor(place / 3)] ?? 0, [1209, 1336, 1477][place % 3] ?? 0];
}

function wav(samples: Float64Array, { rate, channels, bits }: TapePlan): Buffer {
  const width = bits / 8;
  const data = Buffer.alloc(samples.length * channels * width);
  for (const [index, sample] of samples.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      data.writeIntLE(Math.round(sample * (2 ** (bits - 1) - 1)), (index * channels + channel) * width, width);
    }
  }
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * width, 28);
  head.writeUInt16LE(channels * width, 32);
  head.writeUInt16LE(bits, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
