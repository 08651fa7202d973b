import { freshMeter, type SoundHealth, stepHealth, type Tally, tallyOf } from "../audio/level.ts";
import { type LevelMeter, levelMeter } from "./meters.ts";

/** What is heard of the sound itself, on its way into the log. */
export interface Ears {
  /** @returns what it measures */
  heard(samples: Int16Array): Tally;
  /** A meter each, so that none takes another's window. */
  readonly levels: { readonly fleet: LevelMeter; readonly prometheus: LevelMeter };
}

/**
 * @param sampleRate Hz
 * @param onHealth told when what the level says of the microphone changes; null: it is no microphone
 */
export function openEars(sampleRate: number, onHealth: ((health: SoundHealth) => void) | null): Ears {
  const levels = { fleet: levelMeter(), prometheus: levelMeter() };
  let meter = freshMeter;
  return {
    levels,
    heard(samples) {
      const tally = tallyOf(samples);
      levels.fleet.heard(tally);
      levels.prometheus.heard(tally);
      if (onHealth === null) return tally;
      const before = meter.health;
      meter = stepHealth(meter, tally, sampleRate);
      if (meter.health !== before) onHealth(meter.health);
      return tally;
    },
  };
}
