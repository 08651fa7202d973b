import { seededRandom } from "../../src/base/random.ts";
import type { SampleRate } from "../../src/simulator/dtmf.ts";

/** Adds white noise of an RMS of `dbfs` to samples. */
export function withNoise(samples: Int16Array, dbfs: number, seed: string): Int16Array {
  const random = seededRandom(seed);
  const amplitude = 10 ** (dbfs / 20) * 32768;
  return samples.map((sample) => {
    const gauss = Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
    return clip(sample + gauss * amplitude);
  });
}

/** A sine. */
export function sine(hz: number, ms: number, dbfs: number, sampleRate: SampleRate): Int16Array {
  const amplitude = 10 ** (dbfs / 20) * Math.SQRT2 * 32767;
  return Int16Array.from({ length: (ms * sampleRate) / 1000 }, (_, i) =>
    clip(amplitude * Math.sin((2 * Math.PI * hz * i) / sampleRate)),
  );
}

/**
 * Something like a voice, which says nothing: pulses at a wandering pitch (or noise, where it is unvoiced) through
 * three wandering resonances, at about -20 dBFS.
 */
export function babble(seconds: number, sampleRate: SampleRate, seed: string): Int16Array {
  const random = seededRandom(seed);
  const out = new Float64Array(seconds * sampleRate);
  const formants = [500, 1500, 2500].map((hz, index) => ({ hz, target: hz, width: 60 + 30 * index, a: 0, b: 0 }));
  let pitch = 120;
  let targetPitch = 120;
  let phase = 0;
  let power = 0;
  for (let i = 0; i < out.length; i++) {
    if (i % Math.round(sampleRate * 0.15) === 0) {
      targetPitch = random() < 0.2 ? 0 : 80 + random() * 220;
      for (const [index, formant] of formants.entries()) {
        formant.target = [250 + random() * 700, 800 + random() * 1500, 2200 + random() * 800][index] ?? 500;
      }
    }
    const glide = 16 / sampleRate;
    pitch += (targetPitch - pitch) * glide;
    phase += pitch / sampleRate;
    let value = pitch < 40 ? (random() - 0.5) * 0.1 : 0;
    if (phase >= 1) {
      phase -= 1;
      value = 1;
    }
    for (const formant of formants) {
      formant.hz += (formant.target - formant.hz) * glide;
      const radius = Math.exp((-Math.PI * formant.width) / sampleRate);
      const turn = Math.cos((2 * Math.PI * formant.hz) / sampleRate);
      const next = value * (1 - radius) + 2 * radius * turn * formant.a - radius * radius * formant.b;
      formant.b = formant.a;
      formant.a = next;
      value = next;
    }
    out[i] = value;
    power += value * value;
  }
  const gain = 3276.8 / Math.sqrt(power / out.length);
  return Int16Array.from(out, (value) => clip(value * gain));
}

function clip(value: number): number {
  return Math.round(Math.max(-32768, Math.min(32767, value)));
}
