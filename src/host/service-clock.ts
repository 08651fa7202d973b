import { type Clock, type Instant, instantOf, partedMs } from "../base/clock.ts";

/** How far this device's clock is off, by the word of the service it talks to. */
export interface ServiceClock {
  /** What the service's clock says just now, ms since the epoch, to the second. */
  heard(serverMs: number): void;
  /** How far this device's clock is ahead of the service's, ms; negative: behind. null: that is not known. */
  aheadMs(): number | null;
}

/** The service tells whole seconds. */
const unsureMs = 5_000;

/**
 * Remembers the service's time and counts it on by the monotonic clock, so that a clock which is set right is seen to be
 * right without asking again.
 */
export function serviceClock(clock: Clock): ServiceClock {
  let heard: { readonly serverMs: number; readonly at: Instant } | null = null;
  return {
    heard(serverMs) {
      heard = { serverMs, at: instantOf(clock) };
    },
    aheadMs() {
      if (heard === null) return null;
      const now = instantOf(clock);
      const aheadMs = now.wallMs - (heard.serverMs + now.monotonicMs - heard.at.monotonicMs);
      // A machine that slept looks the same as a clock that was put forward: its monotonic clock stood still.
      return Math.min(aheadMs, partedMs(heard.at, now)) > unsureMs ? null : aheadMs;
    },
  };
}
