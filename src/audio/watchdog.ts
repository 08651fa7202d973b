import type { Clock } from "../base/clock.ts";

/** A timer that comes this much too late was held up, as was our whole process: sound may be there, not read yet. */
const lateMs = 500;
/** And if it is not late: what has come meanwhile gets so long to be read. */
const readingMs = 100;

/**
 * Calls `silent` once when no sound has been read for so long, unless it is disposed before: with each piece of sound,
 * by a new one.
 */
export function whenSilent(clock: Clock, forMs: number, silent: () => void): Disposable {
  const dueMs = clock.monotonicMs() + forMs;
  let next = clock.after(forMs, () => {
    const heldUp = clock.monotonicMs() - dueMs > lateMs;
    next = heldUp ? whenSilent(clock, forMs, silent) : clock.after(readingMs, silent);
  });
  return { [Symbol.dispose]: () => next[Symbol.dispose]() };
}
