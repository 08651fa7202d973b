import type { Clock } from "../../src/base/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that moves only when told to, and fires what is due in order on the way. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param wallMs the wall clock at the beginning */
  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = wallMs;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Until the next timer is due; null: there is none. */
  get nextInMs(): number | null {
    const next = this.#next();
    return next === undefined ? null : Math.max(0, next.atMs - this.#nowMs);
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Disposable {
    this.#order += 1;
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, action };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** Sets the wall clock, as NTP does after boot. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** The whole process is held up: what comes due meanwhile is fired late, when it moves on. */
  holdUp(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves on by `ms`, firing what comes due, also what that arms. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#next();
      if (due === undefined || due.atMs > endMs) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.action();
    }
    this.#nowMs = endMs;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}
