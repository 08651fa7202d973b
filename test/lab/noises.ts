import { seededRandom } from "../../src/base/random.ts";

/** Sounds of a room: samples at `dbfs` RMS (0 = a square wave at full scale), not yet rounded, so that they can be added. */

export function white(length: number, dbfs: number, seed = "white"): Float64Array {
  const random = seededRandom(seed);
  return atLevel(
    Float64Array.from({ length }, () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random())),
    dbfs,
  );
}

/** Paul Kellet's filter: 3 dB less an octave. */
export function pink(length: number, dbfs: number, seed = "pink"): Float64Array {
  const poles = [0.99886, 0.99332, 0.969, 0.8665, 0.55, -0.7616];
  const gains = [0.0555179, 0.0750759, 0.153852, 0.3104856, 0.5329522, -0.016898];
  const states = poles.map(() => 0);
  const noise = white(length, 0, seed).map((input) => {
    let sum = 0.5362 * input;
    for (const [index, pole] of poles.entries()) {
      const next = pole * (states[index] ?? 0) + (gains[index] ?? 0) * input;
      states[index] = next;
      sum += next;
    }
    return sum;
  });
  return atLevel(noise, dbfs);
}

/** Sines of equal loudness: the mains and its overtones, a chord. */
export function tones(length: number, hz: readonly number[], dbfs: number, sampleRate: number): Float64Array {
  const turns = hz.map((each) => (2 * Math.PI * each) / sampleRate);
  return atLevel(
    Float64Array.from({ length }, (_, n) => turns.reduce((sum, turn) => sum + Math.sin(turn * n), 0)),
    dbfs,
  );
}

/** Keys being typed: bursts of noise that die away within some 25 ms, about `perSecond` of them, peaking near −15 dBFS. */
export function typing(length: number, perSecond: number, sampleRate: number): Float64Array {
  const random = seededRandom("typing");
  const noise = white(length, -15, "keys");
  const decay = Math.exp(-1 / (0.005 * sampleRate));
  let strength = 0;
  let next = 0;
  return noise.map((sample, n) => {
    if (n >= next) {
      strength = 1;
      next = n + (sampleRate / perSecond) * (0.7 + 0.6 * random());
    }
    strength *= decay;
    return sample * strength;
  });
}

export function atLevel(samples: Float64Array | Int16Array, dbfs: number): Float64Array {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  const gain = (10 ** (dbfs / 20) * 32_768) / Math.sqrt(power / samples.length);
  return Float64Array.from(samples, (sample) => sample * gain);
}

/** All of them at once; each piece of `later` begins at its sample. */
export function together(
  background: readonly Float64Array[],
  later: readonly { readonly at: number; readonly sound: Float64Array }[] = [],
): Int16Array {
  const sum = new Float64Array(Math.max(...background.map(({ length }) => length)));
  for (const { at, sound } of [...background.map((sound) => ({ at: 0, sound })), ...later]) {
    for (const [n, sample] of sound.entries()) sum[at + n] = (sum[at + n] ?? 0) + sample;
  }
  return Int16Array.from(sum, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample))));
}
