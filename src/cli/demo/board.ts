import type { Clock } from "../../base/clock.ts";
import type { Progress } from "./progress.ts";

/** The progress of a running demo, for whoever waits for some of it. */
export class Board {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #waiting = new Set<() => void>();
  #progress: Progress;

  /** @param signal calls everything off: waits reject with its reason */
  constructor(progress: Progress, clock: Clock, signal: AbortSignal) {
    this.#progress = progress;
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#look());
  }

  get progress(): Progress {
    return this.#progress;
  }

  update(progress: Progress): void {
    this.#progress = progress;
    this.#look();
  }

  /** Resolves as soon as `condition` holds (true), or when the monotonic clock shows `untilMs` (false). */
  until(condition: (progress: Progress) => boolean, untilMs: number): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const look = () => {
      if (this.#signal.aborted) reject(this.#signal.reason);
      else if (condition(this.#progress)) resolve(true);
      else if (this.#clock.monotonicMs() >= untilMs) resolve(false);
      else return;
      this.#waiting.delete(look);
      timer[Symbol.dispose]();
    };
    const timer = this.#clock.after(untilMs - this.#clock.monotonicMs() + 1, look);
    this.#waiting.add(look);
    look();
    return promise;
  }

  /** Resolves when the monotonic clock shows `ms`. */
  async at(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
