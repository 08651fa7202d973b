import { type Clock, systemClock } from "../../src/base/clock.ts";

/** The machine's clock, `factor` times as fast: for waits that a test would have to sit through. */
export function quickClock(factor: number): Clock {
  const startMs = systemClock.wallMs();
  const monotonicMs = () => systemClock.monotonicMs() * factor;
  const beginMs = monotonicMs();
  return {
    wallMs: () => startMs + monotonicMs() - beginMs,
    monotonicMs,
    after: (delayMs, action) => systemClock.after(delayMs / factor, action),
  };
}
