/**
 * How the sound that arrives compares with the time that passes. A device whose rate is not the one asked for gives
 * too much or too little of it, and nobody says so: arecord's warning is silenced, and an ALSA device that is not paced
 * delivers gigabytes a second.
 */
export interface Pace {
  /** When sound last arrived, ms. */
  readonly atMs: number;
  /** Sound that came too early, ms: a leaky bucket, so that what was held up somewhere may come in a burst. */
  readonly surplusMs: number;
  /** Sound that is missing, ms: a leaky bucket too. */
  readonly deficitMs: number;
}

export type PaceVerdict = "steady" | "too-fast" | "too-slow";

/** Crystals differ by far less than a tenth; the wrong rate is at least that far off. */
const tolerance = 0.1;
/** More than pipes and sound servers can hold back while something hangs for a moment. */
const bucketMs = 10_000;
/** A longer break is not the device's pace, but a stall, or our own process held up. */
const longestBreakMs = 2_000;

export function paceFrom(nowMs: number): Pace {
  return { atMs: nowMs, surplusMs: 0, deficitMs: 0 };
}

/** @param soundMs the length of the sound that arrived just now */
export function stepPace(pace: Pace, nowMs: number, soundMs: number): Pace {
  const passedMs = nowMs - pace.atMs;
  return {
    atMs: nowMs,
    surplusMs: Math.max(0, pace.surplusMs + soundMs - passedMs * (1 + tolerance)),
    deficitMs: Math.max(0, pace.deficitMs + Math.min(passedMs, longestBreakMs) * (1 - tolerance) - soundMs),
  };
}

export function paceVerdict(pace: Pace): PaceVerdict {
  if (pace.surplusMs > bucketMs) return "too-fast";
  return pace.deficitMs > bucketMs ? "too-slow" : "steady";
}
