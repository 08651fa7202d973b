/** What a stretch of sound measures; tallies of stretches add up to the tally of the whole. */
export interface Tally {
  readonly samples: number;
  readonly sumOfSquares: number;
  /** The lowest and highest sample. +∞ and −∞ where there is none. */
  readonly low: number;
  readonly high: number;
  /** Samples at either end of the scale: what a converter gives for everything louder. */
  readonly fullScale: number;
}

export const emptyTally: Tally = {
  samples: 0,
  sumOfSquares: 0,
  low: Number.POSITIVE_INFINITY,
  high: Number.NEGATIVE_INFINITY,
  fullScale: 0,
};

/**
 * So many samples at once. A longer loop is compiled while it runs, when what follows it has never run: there such code
 * falls back to the slow one, each time anew, for as long as the process lives.
 */
const stretch = 100;

export function tallyOf(samples: Int16Array): Tally {
  // One by one: a spread is slow, and this is done with each message.
  const { sumOfSquares, low, high, fullScale } = emptyTally;
  const tally = { samples: samples.length, sumOfSquares, low, high, fullScale };
  for (let from = 0; from < samples.length; from += stretch) {
    addTo(tally, samples, from, Math.min(from + stretch, samples.length));
  }
  return tally;
}

function addTo(
  tally: { -readonly [Key in keyof Tally]: Tally[Key] },
  samples: Int16Array,
  from: number,
  to: number,
): void {
  let { sumOfSquares, low, high, fullScale } = tally;
  // By index: the compiler takes minutes of a real-time stream to find out what an iterator over it is.
  for (let n = from; n < to; n += 1) {
    const sample = samples[n] ?? 0;
    sumOfSquares += sample * sample;
    if (sample < low) low = sample;
    if (sample > high) high = sample;
    if (sample === 32_767 || sample === -32_768) fullScale += 1;
  }
  tally.sumOfSquares = sumOfSquares;
  tally.low = low;
  tally.high = high;
  tally.fullScale = fullScale;
}

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    samples: a.samples + b.samples,
    sumOfSquares: a.sumOfSquares + b.sumOfSquares,
    low: Math.min(a.low, b.low),
    high: Math.max(a.high, b.high),
    fullScale: a.fullScale + b.fullScale,
  };
}

/** Loudness, dB relative to full scale: 0 is a full-scale square wave, a full-scale sine has an RMS of −3.01. */
export interface Level {
  readonly rmsDbfs: number;
  readonly peakDbfs: number;
}

/** Below what 16 bits can hold (−90.3): stands for digital silence, where a logarithm has no value. */
export const silenceDbfs = -100;

export function levelOf(tally: Tally): Level {
  return {
    rmsDbfs: dbfs(Math.sqrt(tally.sumOfSquares / Math.max(1, tally.samples))),
    peakDbfs: dbfs(Math.max(-tally.low, tally.high, 0)),
  };
}

function dbfs(amplitude: number): number {
  return amplitude === 0 ? silenceDbfs : 20 * Math.log10(amplitude / 32_768);
}

/**
 * What is wrong with the sound, if anything.
 * `clipping`: 1 % of a second's samples or more at full scale, until 10 s have passed without.
 * `dead`: the same value for 10 s: a muted or broken microphone. A quiet room is never that quiet.
 */
export type SoundHealth = "good" | "clipping" | "dead";

/** What has to be remembered between two stretches of sound. */
export interface HealthMeter {
  readonly health: SoundHealth;
  /** The second being collected. */
  readonly window: Tally;
  readonly windowsSinceClipping: number;
  /** How many samples, up to now, had this same value. */
  readonly flat: { readonly value: number; readonly samples: number };
}

export const freshMeter: HealthMeter = {
  health: "good",
  window: emptyTally,
  windowsSinceClipping: Number.POSITIVE_INFINITY,
  flat: { value: 0, samples: 0 },
};

const windowSeconds = 1;
const clippingShare = 0.01;
const clippingWindows = 10;
const deadSeconds = 10;

/** The meter after another stretch of sound. Stretches of up to a second or so; shorter ones react faster. */
export function stepHealth(meter: HealthMeter, heard: Tally, sampleRate: number): HealthMeter {
  const flat = flatAfter(meter.flat, heard);
  const collected = addTallies(meter.window, heard);
  const complete = collected.samples >= windowSeconds * sampleRate;
  const clips = complete && collected.fullScale >= clippingShare * collected.samples;
  const windowsSinceClipping = clips ? 0 : meter.windowsSinceClipping + (complete ? 1 : 0);
  return {
    health:
      flat.samples >= deadSeconds * sampleRate ? "dead" : windowsSinceClipping < clippingWindows ? "clipping" : "good",
    window: complete ? emptyTally : collected,
    windowsSinceClipping,
    flat,
  };
}

function flatAfter(flat: HealthMeter["flat"], heard: Tally): HealthMeter["flat"] {
  if (heard.samples === 0) return flat;
  if (heard.low !== heard.high) return { value: 0, samples: 0 };
  return { value: heard.low, samples: heard.samples + (heard.low === flat.value ? flat.samples : 0) };
}
