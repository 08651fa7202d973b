/**
 * Sampling-rate conversion by a windowed sinc (Kaiser window), after J. O. Smith, "Digital Audio Resampling".
 * Each output sample is the sum of the input samples around its own place in time, weighted by the kernel: there is no
 * delay to make up for. Places are kept as fractions of integers, so hours of sound do not drift.
 */

/** Zero crossings of the kernel on each side: sets how sharp the filter is. */
const crossings = 32;
/** 80 dB of stop band. */
const kaiserBeta = 7.86;
/** The middle of the filter's slope, as a share of the lower Nyquist frequency: the slope ends just below it. */
const cutOff = 0.92;
/** Kernel values kept per zero crossing; linear interpolation between them is accurate to about −100 dB. */
const resolution = 512;

/** Common rates have fewer phases than this, and their weights are computed once. */
const mostRows = 1_000;

/** The right half of the kernel, sampled at `perSample` places per input sample, with one value more to interpolate to. */
interface Kernel {
  readonly values: Float64Array;
  readonly perSample: number;
  /** Input samples on each side that have a weight. */
  readonly reach: number;
}

/** Converts a stream of samples from one rate to another. The result does not depend on how the input is cut. */
export class Resampler {
  readonly #kernel: Kernel;
  /** `up` / `down` is the ratio of the rates in lowest terms. */
  readonly #up: number;
  readonly #down: number;
  /** Input from index `#heldFrom` on; begins with the silence before the first sample. */
  #held: Float32Array;
  #heldFrom: number;
  /** The next output sample lies at input index `#index` + `#phase` / `#up`. */
  #index = 0;
  #phase = 0;
  /** The weights already computed, by phase. */
  readonly #rows: Float64Array[] = [];

  /** @param fromRate Hz, an integer @param toRate Hz, an integer */
  constructor(fromRate: number, toRate: number) {
    const divisor = greatestCommonDivisor(fromRate, toRate);
    this.#up = toRate / divisor;
    this.#down = fromRate / divisor;
    this.#kernel = makeKernel(Math.min(1, toRate / fromRate) * cutOff);
    this.#heldFrom = -this.#kernel.reach;
    this.#held = new Float32Array(this.#kernel.reach);
  }

  /** What can be computed now: all but the last few milliseconds. */
  push(input: Float32Array): Float32Array {
    const held = new Float32Array(this.#held.length + input.length);
    held.set(this.#held);
    held.set(input, this.#held.length);
    const ready = this.#heldFrom + held.length - this.#kernel.reach - 1;
    const count = Math.ceil(((ready - this.#index) * this.#up - this.#phase) / this.#down);
    const output = new Float32Array(Math.max(0, count));
    for (let n = 0; n < output.length; n += 1) {
      output[n] = this.#weightedSum(held, this.#index - this.#heldFrom);
      this.#phase += this.#down;
      this.#index += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    const unneeded = Math.min(held.length, Math.max(0, this.#index - this.#kernel.reach - this.#heldFrom));
    this.#held = held.slice(unneeded);
    this.#heldFrom += unneeded;
    return output;
  }

  /** The rest. All in all, input of n samples gives ⌈n × toRate / fromRate⌉. Nothing may be pushed after it. */
  end(): Float32Array {
    return this.push(new Float32Array(this.#kernel.reach + 1));
  }

  #weightedSum(held: Float32Array, at: number): number {
    const weights = this.#weights();
    const first = at - this.#kernel.reach + 1;
    let sum = 0;
    for (let n = 0; n < weights.length; n += 1) sum += (weights[n] ?? 0) * (held[first + n] ?? 0);
    return sum;
  }

  /** The weights of the input samples around an output sample at the present phase. */
  #weights(): Float64Array {
    const known = this.#rows[this.#phase];
    if (known !== undefined) return known;
    const { values, perSample, reach } = this.#kernel;
    const middle = reach - 1 + this.#phase / this.#up;
    const weights = new Float64Array(2 * reach);
    for (let n = 0; n < weights.length; n += 1) weights[n] = weight(values, Math.abs(n - middle) * perSample);
    if (this.#phase < mostRows) this.#rows[this.#phase] = weights;
    return weights;
  }
}

function weight(values: Float64Array, place: number): number {
  const before = Math.trunc(place);
  const low = values[before] ?? 0;
  return low + (place - before) * ((values[before + 1] ?? 0) - low);
}

/** @param bandwidth the cut-off as a share of the input's Nyquist frequency */
function makeKernel(bandwidth: number): Kernel {
  const values = Float64Array.from({ length: crossings * resolution }, (_, n) => {
    const x = (Math.PI * n) / resolution;
    const sinc = n === 0 ? 1 : Math.sin(x) / x;
    return bandwidth * sinc * kaiser(n / (crossings * resolution));
  });
  return { values, perSample: bandwidth * resolution, reach: Math.ceil(crossings / bandwidth) };
}

/** @param place 0 in the middle of the window, 1 at its end */
function kaiser(place: number): number {
  return besselI0(kaiserBeta * Math.sqrt(1 - place * place)) / besselI0(kaiserBeta);
}

/** The modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
