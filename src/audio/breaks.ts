import { type Gap, smallestBreakMs } from "./gap-report.ts";

/** Notices the time in which nothing is captured, from the arrivals of sound on the monotonic clock. */
export class Breaks {
  #lastArrivalMs = 0;
  #sinceMs: number | null = null;

  /** Whether sound is away. */
  get running(): boolean {
    return this.#sinceMs !== null;
  }

  /** The recording broke off. */
  begin(): void {
    this.#sinceMs ??= this.#lastArrivalMs;
  }

  /**
   * Sound has arrived (or, with 0 ms of it, the program ends). @param soundMs how much
   * @returns what was missed, if a break has ended
   */
  arrived(soundMs: number, wallMs: number, monotonicMs: number): Gap | null {
    const sinceMs = this.#sinceMs;
    this.#sinceMs = null;
    this.#lastArrivalMs = monotonicMs;
    if (sinceMs === null) return null;
    const lostMs = Math.round(monotonicMs - sinceMs - soundMs);
    const toMs = wallMs - soundMs;
    return lostMs < smallestBreakMs ? null : { fromMs: toMs - lostMs, toMs, lostMs, cause: "capture" };
  }
}
