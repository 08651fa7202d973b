import { freshMeter, type SoundHealth, stepHealth, type Tally, tallyOf } from "../audio/level.ts";
import type { Clock } from "../base/clock.ts";
import { type LevelMeter, levelMeter } from "./meters.ts";

/** What is heard of the sound itself, on its way into the log. */
export interface Ears {
  /** @returns what it measures */
  heard(samples: Int16Array): Tally;
  /** For how long nothing has been heard, ms; null: nothing was heard yet. */
  silentForMs(): number | null;
  /** A meter each, so that none takes another's window. */
  readonly levels: { readonly fleet: LevelMeter; readonly prometheus: LevelMeter };
}

/**
 * @param sampleRate Hz
 * @param onHealth told when what the level says of the microphone changes; null: it is no microphone
 */
export function openEars(sampleRate: number, clock: Clock, onHealth: ((health: SoundHealth) => void) | null): Ears {
  const levels = { fleet: levelMeter(), prometheus: levelMeter() };
  let meter = freshMeter;
  let lastSoundMs: number | null = null;
  return {
    levels,
    silentForMs: () => (lastSoundMs === null ? null : clock.monotonicMs() - lastSoundMs),
    heard(samples) {
      lastSoundMs = clock.monotonicMs();
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
