import { type Gap, smallestBreakMs } from "./gap-report.ts";

/**
 * Notices the time in which nothing is captured: from the arrivals of sound on the monotonic clock, and by the
 * recorder's word.
 */
export class Breaks {
  #lastArrivalMs = 0;
  #sinceMs: number | null = null;
  /** What the recorder has dropped since the last arrival. A break before the next holds it already. */
  #overruns: Gap | null = null;

  /** The recorder says that it dropped so much before what it delivers next. */
  overrun(nowMs: number, lostMs: number): void {
    const { fromMs, lostMs: beforeMs } = this.#overruns ?? { fromMs: nowMs, lostMs: 0 };
    const sumMs = beforeMs + lostMs;
    this.#overruns = { fromMs, toMs: fromMs + sumMs, lostMs: sumMs, cause: "overrun" };
  }

  /** The recording broke off. */
  begin(): void {
    this.#sinceMs ??= this.#lastArrivalMs;
  }

  /**
   * Sound has arrived (or, with 0 ms of it, the program ends). @param soundMs how much @param wallMs tells what the
   * wall clock says now
   * @returns what was missed before it; null: nothing
   */
  arrived(soundMs: number, monotonicMs: number, wallMs: () => number): Gap | null {
    const sinceMs = this.#sinceMs;
    const overruns = this.#overruns;
    this.#sinceMs = null;
    this.#overruns = null;
    this.#lastArrivalMs = monotonicMs;
    if (sinceMs === null) return overruns;
    const lostMs = Math.round(monotonicMs - sinceMs - soundMs);
    const toMs = wallMs() - soundMs;
    return lostMs < smallestBreakMs ? overruns : { fromMs: toMs - lostMs, toMs, lostMs, cause: "capture" };
  }
}
