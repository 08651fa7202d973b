import { dtmfDigits, highTones, lowTones, type SampleRate } from "./dtmf.ts";

/** A digit that was heard. */
export interface Tone {
  readonly digit: string;
  /** ms from the first sample; true to ±10 ms. */
  readonly startMs: number;
  readonly endMs: number;
  /** How much of the sound's power is in the two frequencies, 0..1, at its clearest. */
  readonly quality: number;
}

// Everything is heard at 8 kHz in hops of 2.5 ms; a window of 20 ms (8 hops) tells neighbouring tones (73 Hz apart) from
// each other and lifts them 19 dB out of white noise.
const hopSamples = 20;
const hopMs = 2.5;
const windowHops = 8;
const windowSamples = hopSamples * windowHops;

/**
 * A window counts as a tone when this much of its power is in one pair of frequencies. At half, edges fall on the
 * window's middle.
 */
const presentQuality = 0.5;
/** So clear must most windows be that a tone fills: voices and noise rarely put so much into exactly two frequencies. */
const clearQuality = 0.88;
const clearShare = 0.75;
/** Lengths are known to ±5 ms. 40 ms must be heard; the halves of a usual tone of 60 ms must not, or it would count twice. */
const shortestMs = 35;
/** The louder frequency may exceed the other by this much (power ratio: 12 dB). */
const greatestTwist = 16;
/** Windows quieter than this (dBFS, RMS) hold no tone. */
const quietest = 10 ** (-46 / 10);

const frequencies = [...lowTones, ...highTones];
/** exp(-iωt) for one hop, per frequency: cosines, then sines. Hops are turned by the phase of their start afterwards. */
const hopWaves = frequencies.map((frequency) => ({
  frequency,
  cos: Float64Array.from({ length: hopSamples }, (_, i) => Math.cos((2 * Math.PI * frequency * i) / 8000)),
  sin: Float64Array.from({ length: hopSamples }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / 8000)),
}));
const turnCos = Float64Array.from({ length: 8000 }, (_, i) => Math.cos((2 * Math.PI * i) / 8000));
const turnSin = Float64Array.from({ length: 8000 }, (_, i) => Math.sin((2 * Math.PI * i) / 8000));

/** A run of windows with the same digit. */
interface Run {
  readonly digit: string;
  readonly firstHop: number;
  /** Windows so far that were clear. */
  readonly clear: number;
  readonly quality: number;
}

/**
 * Finds DTMF digits in a stream of samples: at least 40 ms long, at least 30 ms apart, from -40 dBFS up, with up to 8 dB
 * of twist and white noise 15 dB below. What it reports does not depend on how the stream is cut into pieces; a tone is
 * reported about 13 ms after its end. Memory is constant.
 */
export class DtmfDetector {
  readonly #decimate: boolean;
  /** At 16 kHz: a sample that waits for its partner. */
  #odd: number | null = null;
  readonly #hop = new Float64Array(hopSamples);
  #hopFill = 0;
  /** Hops completed. */
  #hops = 0;
  // Rings of the last `windowHops` hops: power, sum, and for each frequency the real and imaginary part.
  readonly #power = new Float64Array(windowHops);
  readonly #sum = new Float64Array(windowHops);
  readonly #real = new Float64Array(windowHops * frequencies.length);
  readonly #imaginary = new Float64Array(windowHops * frequencies.length);
  #run: Run | null = null;

  constructor(sampleRate: SampleRate) {
    this.#decimate = sampleRate === 16000;
  }

  /** Takes the next samples, any number of them, and returns the tones that are known to have ended. */
  push(samples: Int16Array): Tone[] {
    const tones: Tone[] = [];
    const hop = this.#hop;
    let fill = this.#hopFill;
    let odd = this.#odd;
    for (const sample of samples) {
      if (!this.#decimate) {
        hop[fill++] = sample / 32768;
      } else if (odd === null) {
        odd = sample;
      } else {
        // The mean of two lets through all DTMF frequencies and damps what would fold onto them.
        hop[fill++] = (odd + sample) / 65536;
        odd = null;
      }
      if (fill === hopSamples) {
        fill = 0;
        this.#endHop(tones);
      }
    }
    this.#hopFill = fill;
    this.#odd = odd;
    return tones;
  }

  /** The stream has ended: returns what was still open. Nothing may be pushed afterwards. */
  finish(): Tone[] {
    return this.push(new Int16Array(2 * (windowSamples + hopSamples)));
  }

  #endHop(tones: Tone[]): void {
    this.#addHop();
    const heard = this.#window();
    const run = this.#run;
    if (run !== null && run.digit === heard?.digit) {
      const clear = run.clear + (heard.quality >= clearQuality ? 1 : 0);
      this.#run = { ...run, clear, quality: Math.max(run.quality, heard.quality) };
      return;
    }
    if (run !== null) {
      const tone = this.#toneOf(run);
      if (tone !== null) tones.push(tone);
    }
    this.#run = heard === null ? null : { digit: heard.digit, firstHop: this.#hops, clear: 0, quality: heard.quality };
  }

  /** A run that has just ended, as a tone, unless it was too short or never clear. */
  #toneOf(run: Run): Tone | null {
    const hops = this.#hops - run.firstHop;
    if (hops * hopMs < shortestMs || run.clear < clearShare * (hops - windowHops)) return null;
    // The window that ends with hop n has its middle half a window earlier; there, half of it is tone.
    const startMs = Math.max(0, (run.firstHop - windowHops / 2) * hopMs);
    return { digit: run.digit, startMs, endMs: startMs + hops * hopMs, quality: Math.min(1, run.quality) };
  }

  #addHop(): void {
    const slot = this.#hops % windowHops;
    const start = this.#hops * hopSamples;
    this.#hops++;
    let power = 0;
    let sum = 0;
    for (const sample of this.#hop) {
      power += sample * sample;
      sum += sample;
    }
    this.#power[slot] = power;
    this.#sum[slot] = sum;
    const silent = power < (quietest * hopSamples) / 100;
    for (const [index, wave] of hopWaves.entries()) {
      let real = 0;
      let imaginary = 0;
      for (let i = 0; !silent && i < hopSamples; i++) {
        const sample = this.#hop[i] ?? 0;
        real += sample * (wave.cos[i] ?? 0);
        imaginary -= sample * (wave.sin[i] ?? 0);
      }
      const turn = (start * wave.frequency) % 8000;
      const cos = turnCos[turn] ?? 0;
      const sin = turnSin[turn] ?? 0;
      this.#real[slot * frequencies.length + index] = real * cos + imaginary * sin;
      this.#imaginary[slot * frequencies.length + index] = imaginary * cos - real * sin;
    }
  }

  /** The digit in the last 20 ms, if there is one. */
  #window(): { readonly digit: string; readonly quality: number } | null {
    let power = 0;
    let sum = 0;
    for (let slot = 0; slot < windowHops; slot++) {
      power += this.#power[slot] ?? 0;
      sum += this.#sum[slot] ?? 0;
    }
    // A constant offset is no sound.
    power -= (sum * sum) / windowSamples;
    if (power < quietest * windowSamples) return null;
    const low = this.#strongest(0, lowTones.length);
    const high = this.#strongest(lowTones.length, frequencies.length);
    const quality = ((low.power + high.power) * 2) / (windowSamples * power);
    if (quality < presentQuality) return null;
    if (low.power > high.power * greatestTwist || high.power > low.power * greatestTwist) return null;
    const digit = dtmfDigits[low.index * lowTones.length + (high.index - lowTones.length)];
    return digit === undefined ? null : { digit, quality };
  }

  #strongest(from: number, to: number): { readonly index: number; readonly power: number } {
    let best = { index: from, power: -1 };
    for (let index = from; index < to; index++) {
      let real = 0;
      let imaginary = 0;
      for (let slot = 0; slot < windowHops; slot++) {
        real += this.#real[slot * frequencies.length + index] ?? 0;
        imaginary += this.#imaginary[slot * frequencies.length + index] ?? 0;
      }
      const power = real * real + imaginary * imaginary;
      if (power > best.power) best = { index, power };
    }
    return best;
  }
}
