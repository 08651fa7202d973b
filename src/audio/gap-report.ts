/** Why sound will never be recognised. */
export type LossCause =
  | "buffer-full" // the outage lasted longer than there was room
  | "expired" // it was on disk for longer than it may be
  | "disk" // what was on disk cannot be read, or could not be written before it fell out of memory
  | "unrecognised" // the service failed on it again and again
  | "unreadable" // the service's result for it could not be read, again and again
  | "stopped" // the agent was stopped before it could be sent, and could not put it on disk
  | "capture" // the recorder was away: never captured
  | "overrun"; // the recorder dropped it: never captured

/** Sound that is gone, in source time. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly lostMs: number;
  readonly cause: LossCause;
}

/**
 * A gap is reported when it ends, and at the latest when it is this long; while it goes on, when it has grown by twice
 * as much each time. The news of a night's loss has to wait for the broker beside all else; and what is silent for a
 * minute counts as over.
 */
const firstReportMs = 10_000;
const longestReportMs = 50_000;
/** Nothing more was lost for so long: it is over. */
const quietMs = 60_000;
/** The clock of two streams is not exact: what is shorter is no gap. */
export const smallestBreakMs = 50;

/** Makes few reports of many small losses: those that follow one another are one. */
export class GapReport {
  readonly #onGap: (gap: Gap) => void;
  #open: Gap | null = null;
  #everyMs = firstReportMs;
  /** On the monotonic clock. */
  #grewAtMs = Number.NEGATIVE_INFINITY;

  constructor(onGap: (gap: Gap) => void) {
    this.#onGap = onGap;
  }

  /** @param nowMs on the monotonic clock */
  add(gap: Gap, nowMs: number): void {
    this.#grewAtMs = nowMs;
    if (this.#open !== null && !continues(this.#open, gap)) this.flush();
    const open = this.#open;
    this.#open =
      open === null ? gap : { ...open, toMs: Math.max(open.toMs, gap.toMs), lostMs: open.lostMs + gap.lostMs };
    const { fromMs, toMs } = this.#open;
    if (toMs - fromMs < this.#everyMs) return;
    this.#tell();
    this.#everyMs = Math.min(longestReportMs, this.#everyMs * 2);
  }

  /** The loss has ended, for now: it is reported. */
  flush(): void {
    this.#tell();
    this.#everyMs = firstReportMs;
  }

  /** Flushes what has not grown for a minute. */
  flushIfQuiet(nowMs: number): void {
    if (nowMs - this.#grewAtMs >= quietMs) this.flush();
  }

  #tell(): void {
    const gap = this.#open;
    this.#open = null;
    if (gap !== null) this.#onGap(gap);
  }
}

function continues(open: Gap, next: Gap): boolean {
  return open.cause === next.cause && Math.abs(next.fromMs - open.toMs) < smallestBreakMs;
}
