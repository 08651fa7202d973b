import type { Metrics } from "./message.ts";

/** What is drawn, one value a message of `up/metrics`. */
export const channels = ["levelDbfs", "backlogMs", "latencyP50Ms", "latencyP99Ms", "lostMs"] as const;
export type Channel = (typeof channels)[number];

/** An hour, at a message a minute. */
const mostSamples = 60;

/** The latest samples of a device, in little memory: 10,000 devices have as many. */
export interface Series {
  /** One after the other `channels.length` numbers a sample, the oldest first; NaN: not told. */
  readonly values: Float32Array;
  /** When the samples came, wall clock. */
  readonly timesMs: readonly number[];
}

export const noSeries: Series = { values: new Float32Array(0), timesMs: [] };

export function withSample(series: Series, metrics: Metrics, nowMs: number): Series {
  const kept = Math.min(series.timesMs.length, mostSamples - 1);
  const values = new Float32Array((kept + 1) * channels.length);
  values.set(series.values.subarray(series.values.length - kept * channels.length));
  values.set(
    channels.map((channel) => metrics[channel] ?? Number.NaN),
    kept * channels.length,
  );
  return { values, timesMs: [...series.timesMs.slice(series.timesMs.length - kept), nowMs] };
}

/** One channel's values, the oldest first; null: not told. */
export function valuesOf(series: Series, channel: Channel): (number | null)[] {
  const offset = channels.indexOf(channel);
  return series.timesMs.map((_, index) => {
    const value = series.values[index * channels.length + offset];
    return value === undefined || Number.isNaN(value) ? null : Math.round(value * 100) / 100;
  });
}
