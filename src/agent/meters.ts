import { addTallies, emptyTally, levelOf, type Tally } from "../audio/level.ts";
import type { Measurement } from "../fleet/metrics.ts";

/** The level of sound between two looks. */
export interface LevelMeter {
  heard(tally: Tally): void;
  /** Since the last look; null: nothing was heard. */
  look(): Measurement["level"];
}

export function levelMeter(): LevelMeter {
  let window = emptyTally;
  return {
    heard(tally) {
      window = addTallies(window, tally);
    },
    look() {
      const { samples, fullScale } = window;
      const level = samples === 0 ? null : { ...levelOf(window), clippedRatio: fullScale / samples };
      window = emptyTally;
      return level;
    },
  };
}

/** Counts what is sent to the service, and how much of it for another time. */
export interface SentMeter {
  /** @param end the position in the audio log at which the message ends */
  sent(samples: number, end: number): void;
  readonly sentMs: number;
  readonly replayedMs: number;
}

/** @param sampleRate Hz */
export function sentMeter(sampleRate: number): SentMeter {
  let [sent, replayed, reached] = [0, 0, 0];
  return {
    sent(samples, end) {
      sent += samples;
      replayed += samples - Math.min(samples, Math.max(0, end - reached));
      reached = Math.max(reached, end);
    },
    get sentMs() {
      return (sent * 1000) / sampleRate;
    },
    get replayedMs() {
      return (replayed * 1000) / sampleRate;
    },
  };
}

/** Processor time of this process since its start. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
