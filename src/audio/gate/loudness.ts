import { silenceDbfs } from "../level.ts";

/** A voice can be told by what it has above this; the mains' hum and its overtones, fans and traffic are below. */
const cornerHz = 300;
/** The two sections of a Butterworth filter of fourth order. */
const qualities = [0.5412, 1.3066];

/**
 * How loud sound is, hum and rumble and a constant offset apart: its level after a high-pass filter.
 * Pieces must follow each other: the filter remembers.
 */
export class Loudness {
  readonly #sections: readonly HighPass[];

  /** @param sampleRate Hz */
  constructor(sampleRate: number) {
    this.#sections = qualities.map((quality) => new HighPass(cornerHz / sampleRate, quality));
  }

  /** RMS of a piece, dBFS; −100 for silence. */
  levelDb(samples: Int16Array): number {
    let power = 0;
    for (const sample of samples) {
      let value = sample;
      for (const section of this.#sections) value = section.pass(value);
      power += value * value;
    }
    for (const section of this.#sections) section.settle();
    return Math.max(silenceDbfs, 10 * Math.log10(power / samples.length / 32_768 ** 2));
  }
}

/** A biquad (R. Bristow-Johnson's audio EQ cookbook). */
class HighPass {
  readonly #gain: number;
  readonly #a1: number;
  readonly #a2: number;
  #s1 = 0;
  #s2 = 0;

  /** @param corner the corner frequency, as a part of the sample rate */
  constructor(corner: number, quality: number) {
    const turn = 2 * Math.PI * corner;
    const alpha = Math.sin(turn) / (2 * quality);
    this.#gain = (1 + Math.cos(turn)) / 2 / (1 + alpha);
    this.#a1 = (-2 * Math.cos(turn)) / (1 + alpha);
    this.#a2 = (1 - alpha) / (1 + alpha);
  }

  /**
   * What is left of sound long gone becomes nothing. In digital silence it would shrink to numbers below 1e-308, with which a
   * processor takes twenty times as long, for as long as the silence lasts.
   */
  settle(): void {
    if (Math.abs(this.#s1) + Math.abs(this.#s2) > 1e-30) return;
    this.#s1 = 0;
    this.#s2 = 0;
  }

  pass(x: number): number {
    const y = this.#gain * x + this.#s1;
    this.#s1 = -2 * this.#gain * x - this.#a1 * y + this.#s2;
    this.#s2 = this.#gain * x - this.#a2 * y;
    return y;
  }
}
