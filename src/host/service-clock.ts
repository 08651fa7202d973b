import type { Clock } from "../base/clock.ts";

/** How far this device's clock is off, by the word of the service it talks to. */
export interface ServiceClock {
  /** What the service's clock says just now, ms since the epoch, to the second. */
  heard(serverMs: number): void;
  /** How far this device's clock is ahead of the service's, ms; negative: behind. null: the service has said nothing yet. */
  aheadMs(): number | null;
}

/**
 * Remembers the service's time and counts it on by the monotonic clock, so that a clock which is set right is seen to be
 * right without asking again.
 */
export function serviceClock(clock: Clock): ServiceClock {
  let heard: { readonly serverMs: number; readonly atMs: number } | null = null;
  return {
    heard(serverMs) {
      heard = { serverMs, atMs: clock.monotonicMs() };
    },
    aheadMs() {
      return heard === null ? null : clock.wallMs() - (heard.serverMs + clock.monotonicMs() - heard.atMs);
    },
  };
}
