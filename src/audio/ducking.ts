import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { startEar } from "./gate/ear.ts";

/** People breathe between words: what is played does not get louder and quieter with each. */
const holdMs = 800;

/** Notices that somebody speaks, so that what is being played gives way to them. */
export interface Ducking {
  /** Takes what the microphone hears, without gaps. */
  heard(samples: Int16Array): void;
  /** Somebody speaks, or did a moment ago. */
  readonly active: boolean;
}

/** @param sampleRate of the microphone, 8000 or 16000 Hz */
export function startDucking(sampleRate: number, clock: Clock, logger: Logger): Ducking {
  const ear = startEar(sampleRate, logger);
  let untilMs = Number.NEGATIVE_INFINITY;
  return {
    heard(samples) {
      for (const { speech } of ear.hear(samples)) if (speech) untilMs = clock.monotonicMs() + holdMs;
    },
    get active() {
      return clock.monotonicMs() < untilMs;
    },
  };
}
