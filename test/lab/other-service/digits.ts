/** A DTMF digit in a piece of sound, with its place in it. */
export interface Digit {
  readonly digit: string;
  readonly startMs: number;
  readonly endMs: number;
}

// ITU-T Q.23.
const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477, 1633];
const keys = ["123A", "456B", "789C", "*0#D"];

const blockMs = 5;
const loudness = 300;
const shortestMs = 30;
/** Of a burst's energy, what the two strongest tones of a digit hold at least; of noise, it is a small part. */
const purity = 0.5;

/** Digits in a piece of sound that begins and ends anywhere: bursts by their loudness, each looked at as a whole. */
export function decodeDigits(samples: Int16Array, rate: number): Digit[] {
  const block = Math.round((rate * blockMs) / 1000);
  const digits: Digit[] = [];
  let from: number | null = null;
  for (let at = 0; at <= samples.length; at += block) {
    const loud = at + block <= samples.length && rms(samples.subarray(at, at + block)) > loudness;
    if (loud) from ??= at;
    if (loud || from === null) continue;
    const digit = nameOf(samples.subarray(from, at), rate);
    const [startMs, endMs] = [(from / rate) * 1000, (at / rate) * 1000];
    if (digit !== null && endMs - startMs >= shortestMs) digits.push({ digit, startMs, endMs });
    from = null;
  }
  return digits;
}

export function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

function nameOf(burst: Int16Array, rate: number): string | null {
  const [row, rowEnergy] = strongest(burst, rate, rows);
  const [column, columnEnergy] = strongest(burst, rate, columns);
  if (rowEnergy + columnEnergy < purity * rms(burst) ** 2) return null;
  return keys[row]?.[column] ?? null;
}

/** Which of some frequencies is the strongest, and the mean square of that part of the sound. */
function strongest(burst: Int16Array, rate: number, frequencies: readonly number[]): [index: number, energy: number] {
  const energies = frequencies.map((frequency) => energyAt(burst, rate, frequency));
  const energy = Math.max(...energies);
  return [energies.indexOf(energy), energy];
}

/** Goertzel's algorithm. */
function energyAt(burst: Int16Array, rate: number, frequency: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let [one, two] = [0, 0];
  for (const sample of burst) [one, two] = [sample + turn * one - two, one];
  return (2 * (one * one + two * two - turn * one * two)) / burst.length ** 2;
}
