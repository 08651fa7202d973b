// As a global name it is a getter, and called anew with each look at the clock.
import { performance } from "node:perf_hooks";

/** Time as a parameter: policies and state machines take a Clock, so that tests can move it by hand. */
export interface Clock {
  /** Wall clock, ms since the epoch. Only for values that leave the device. May jump. */
  wallMs(): number;
  /** Monotonic clock, ms from an arbitrary start. For every duration and deadline. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`. Disposing cancels it; disposing again does nothing. */
  after(delayMs: number, action: () => void): Disposable;
}

/** A moment on both clocks: monotonic for durations, wall clock for what people read. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** How far the wall clock has run ahead of the monotonic one: it was set meanwhile, or the machine slept. Negative: behind. */
export function partedMs(since: Instant, now: Instant): number {
  return now.wallMs - since.wallMs - (now.monotonicMs - since.monotonicMs);
}

export function instantOf(clock: Clock): Instant {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/** The machine's clocks. Its timers keep the process alive until they fire or are disposed. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    return setTimeout(action, Math.max(0, Math.min(delayMs, 0x7fffffff)));
  },
};

/** Resolves after `delayMs`, or at once when `signal` aborts (also if it already has). Never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.after(delayMs, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

/**
 * Waits for something that may never come, as from a disk that hangs: what `work` gives, or null where that takes longer
 * than `ms`. The work goes on then, and what becomes of it comes to nobody. Rejects as the work does until then.
 */
export async function atMost<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  using _timer = clock.after(ms, () => late.resolve(null));
  return await Promise.race([work, late.promise]);
}
