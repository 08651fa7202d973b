import type { Clock } from "../base/clock.ts";
import { type Position, Timeline } from "./timeline.ts";

/** Why sound will never be recognised. */
export type LossCause =
  | "buffer-full" // the outage lasted longer than the buffer
  | "unrecognised" // the service failed on it again and again
  | "unreadable" // the service's result for it could not be read, again and again
  | "stopped" // the agent was stopped before it could be sent
  | "capture" // the recorder was away: never captured
  | "overrun"; // the recorder dropped it: never captured

/** Sound that is gone, in source time. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly lostMs: number;
  readonly cause: LossCause;
}

/** Where every captured millisecond is: captured = acknowledged + pending + lost. `missed` never got here. */
export interface Ledger {
  readonly capturedMs: number;
  readonly acknowledgedMs: number;
  readonly pendingMs: number;
  readonly lostMs: number;
  readonly missedMs: number;
}

interface Span {
  readonly from: Position;
  readonly to: Position;
}

/** A gap is reported when it ends, and at the latest whenever it has grown by this much. */
const reportEveryMs = 10_000;
/** The clock of two streams is not exact: what is shorter is no gap. */
const smallestBreakMs = 50;

/**
 * The record of what was captured, and how far the service has dealt with it.
 *
 *     0 … settled … cursor … head      settled: acknowledged, or lost; cursor: next to be sent; head: next to be captured
 *
 * Capture appends at the head and never waits. One reader reads at the cursor. What the service has finished with
 * is settled. When anything breaks, the reader rewinds the cursor to the settled position and reads on from there.
 * Sound is kept in memory: the last `capacityMs` of it. What falls out before it was read is lost, counted and
 * reported. What falls out after it was read is lost only if the reader has to rewind.
 */
export class AudioLog {
  readonly sampleRate: number;
  readonly #clock: Clock;
  readonly #onGap: (gap: Gap) => void;
  readonly #samplesPerMs: number;
  readonly #ring: Int16Array;
  readonly #timeline: Timeline;
  #head: Position = 0;
  #cursor: Position = 0;
  #readTo: Position = 0;
  #settled: Position = 0;
  #answered: Position = 0;
  /** Lost spans that are not settled yet, in order. */
  #holes: Span[] = [];
  #lost = 0;
  #lostSettled = 0;
  #missedMs = 0;
  #unreported: Gap | null = null;
  #lastArrivalMs = 0;
  #brokenSinceMs: number | null = null;

  /**
   * @param options.sampleRate Hz
   * @param options.capacityMs how much sound is kept
   * @param options.live false for a source that does not run in real time
   * @param options.onGap told of sound that is gone, at most once per 10 s of lost sound while it goes on
   */
  constructor(options: {
    readonly sampleRate: number;
    readonly capacityMs: number;
    readonly live: boolean;
    readonly clock: Clock;
    readonly onGap: (gap: Gap) => void;
  }) {
    this.sampleRate = options.sampleRate;
    this.#samplesPerMs = options.sampleRate / 1000;
    this.#clock = options.clock;
    this.#onGap = options.onGap;
    this.#ring = new Int16Array(Math.ceil(options.capacityMs * this.#samplesPerMs));
    this.#timeline = new Timeline(options.sampleRate, options.live);
  }

  get cursor(): Position {
    return this.#cursor;
  }

  get settled(): Position {
    return this.#settled;
  }

  /** Where the last answer of the service ended: what it says next is about what follows. */
  get answered(): Position {
    return this.#answered;
  }

  /** Samples that wait to be read. */
  get unread(): number {
    return this.#head - this.#cursor;
  }

  /** A new recording begins at the head. Its id must be unique for all time: transcript ids are made of it. */
  openStream(id: string): void {
    this.#timeline.openStream(id, this.#head);
  }

  /** The recording broke off: the time until sound arrives again is a gap. */
  breakOff(): void {
    if (this.#head > 0) this.#brokenSinceMs ??= this.#lastArrivalMs;
  }

  /**
   * The recorder says that it dropped this much before what it delivers next; 0: it does not say how much.
   * Before the first sound nothing can be missing yet, and a running break counts it already.
   */
  overrun(lostMs: number): void {
    const nowMs = this.#timeline.wallMs(this.#head);
    this.#timeline.restartClock();
    if (lostMs <= 0 || this.#head === 0 || this.#brokenSinceMs !== null) return;
    this.#miss({ fromMs: nowMs, toMs: nowMs + lostMs, lostMs, cause: "overrun" });
  }

  /** Samples just captured, mono. Copied; never blocks. */
  append(samples: Int16Array): void {
    const wallMs = this.#clock.wallMs();
    const monotonicMs = this.#clock.monotonicMs();
    this.#endBreak(samples.length, wallMs, monotonicMs);
    // More than fits at once can only be lost at its beginning, but it still has its place in time.
    const kept = samples.length > this.#ring.length ? samples.subarray(samples.length - this.#ring.length) : samples;
    const end = this.#head + samples.length;
    this.#write(end - kept.length, kept);
    this.#timeline.arrived(this.#head, end, wallMs, monotonicMs);
    this.#head = end;
    if (this.#oldest > this.#cursor) {
      this.#lose({ from: this.#cursor, to: this.#oldest }, "buffer-full");
      this.#cursor = this.#oldest;
      this.#readTo = Math.max(this.#readTo, this.#cursor);
      if (this.#holes[0]?.from === this.#settled) this.settle(this.#holes[0].to);
    }
    this.#timeline.forgetBefore(Math.min(this.#settled, this.#oldest), this.#answered);
  }

  /** The next samples to send, at most `count`, and their position; null when fewer than `atLeast` wait. Moves the cursor. */
  read(count: number, atLeast = count): { readonly position: Position; readonly samples: Int16Array } | null {
    if (this.unread < Math.max(1, atLeast)) return null;
    const position = this.#cursor;
    const samples = this.#copy(position, Math.min(count, this.unread));
    this.#cursor += samples.length;
    this.#readTo = Math.max(this.#readTo, this.#cursor);
    this.#reportGap();
    return { position, samples };
  }

  /** The service is done with everything before `position`. Going back, or beyond what was ever read, is not possible: clamped. */
  settle(position: Position): void {
    const to = Math.min(Math.max(position, this.#settled), this.#readTo);
    while (this.#holes[0] !== undefined && this.#holes[0].from < to) {
      const hole = this.#holes[0];
      const passed = Math.min(hole.to, to);
      this.#lostSettled += passed - hole.from;
      if (passed === hole.to) this.#holes.shift();
      else this.#holes[0] = { from: passed, to: hole.to };
    }
    this.#settled = to;
    this.#cursor = Math.max(this.#cursor, to);
  }

  /** The service has answered for what lies before `position`: it is done with it. */
  answer(position: Position): void {
    this.settle(position);
    this.#answered = Math.max(this.#answered, Math.min(position, this.#settled));
  }

  /** Gives up on everything before `position` that was ever read: lost, with its cause. */
  abandon(position: Position, cause: LossCause): void {
    this.#lose({ from: this.#settled, to: Math.min(position, this.#readTo) }, cause);
    this.settle(position);
    this.#reportGap();
  }

  /** The next read starts at the settled position again. What is no longer kept from there on is lost. */
  rewind(): void {
    if (this.#oldest > this.#settled) {
      this.#lose({ from: this.#settled, to: this.#oldest }, "buffer-full");
      this.settle(this.#oldest);
    }
    this.#cursor = this.#settled;
  }

  /** Wall clock of a position, ms since the epoch. */
  wallMs(position: Position): number {
    return this.#timeline.wallMs(position);
  }

  /** The lasting name of a position. */
  nameOf(position: Position): string {
    return this.#timeline.nameOf(position);
  }

  ledger(): Ledger {
    const pending = this.#head - this.#settled - (this.#lost - this.#lostSettled);
    return {
      capturedMs: this.#head / this.#samplesPerMs,
      acknowledgedMs: (this.#settled - this.#lostSettled) / this.#samplesPerMs,
      pendingMs: pending / this.#samplesPerMs,
      lostMs: this.#lost / this.#samplesPerMs,
      missedMs: this.#missedMs,
    };
  }

  /** The program ends: what the service is not done with is lost, and a running break ends here. */
  close(): void {
    this.#endBreak(0, this.#clock.wallMs(), this.#clock.monotonicMs());
    this.#lose({ from: this.#settled, to: this.#head }, "stopped");
    this.#reportGap();
  }

  get #oldest(): Position {
    return Math.max(0, this.#head - this.#ring.length);
  }

  /** Counts what of `span` is not lost already, and adds it to the report. */
  #lose(span: Span, cause: LossCause): void {
    let from = span.from;
    for (const hole of [...this.#holes, { from: span.to, to: span.to }]) {
      const to = Math.min(hole.from, span.to);
      if (to > from) this.#loseNew({ from, to }, cause);
      from = Math.max(from, hole.to);
    }
  }

  #loseNew(span: Span, cause: LossCause): void {
    this.#lost += span.to - span.from;
    const last = this.#holes.at(-1);
    if (last?.to === span.from) this.#holes[this.#holes.length - 1] = { from: last.from, to: span.to };
    else this.#holes = [...this.#holes, span].toSorted((a, b) => a.from - b.from);
    const fromMs = this.wallMs(span.from);
    const lostMs = (span.to - span.from) / this.#samplesPerMs;
    // The wall clock may have been set back in between.
    this.#addToReport({ fromMs, toMs: Math.max(this.wallMs(span.to), fromMs + lostMs), lostMs, cause });
  }

  #miss(gap: Gap): void {
    this.#missedMs += gap.lostMs;
    this.#addToReport(gap);
    this.#reportGap();
  }

  #endBreak(arriving: number, wallMs: number, monotonicMs: number): void {
    const sinceMs = this.#brokenSinceMs;
    this.#brokenSinceMs = null;
    this.#lastArrivalMs = monotonicMs;
    if (sinceMs === null) return;
    const lostMs = Math.round(monotonicMs - sinceMs - arriving / this.#samplesPerMs);
    const toMs = wallMs - arriving / this.#samplesPerMs;
    if (lostMs >= smallestBreakMs) this.#miss({ fromMs: toMs - lostMs, toMs, lostMs, cause: "capture" });
  }

  #addToReport(gap: Gap): void {
    if (this.#unreported !== null && !continues(this.#unreported, gap)) this.#reportGap();
    const open = this.#unreported;
    this.#unreported =
      open === null ? gap : { ...open, toMs: Math.max(open.toMs, gap.toMs), lostMs: open.lostMs + gap.lostMs };
    if (this.#unreported.lostMs >= reportEveryMs) this.#reportGap();
  }

  #reportGap(): void {
    const gap = this.#unreported;
    this.#unreported = null;
    if (gap !== null) this.#onGap(gap);
  }

  #write(position: Position, samples: Int16Array): void {
    const at = position % this.#ring.length;
    const first = Math.min(samples.length, this.#ring.length - at);
    this.#ring.set(samples.subarray(0, first), at);
    this.#ring.set(samples.subarray(first), 0);
  }

  #copy(position: Position, count: number): Int16Array {
    const at = position % this.#ring.length;
    const first = Math.min(count, this.#ring.length - at);
    const samples = new Int16Array(count);
    samples.set(this.#ring.subarray(at, at + first));
    samples.set(this.#ring.subarray(0, count - first), first);
    return samples;
  }
}

function continues(open: Gap, next: Gap): boolean {
  return open.cause === next.cause && Math.abs(next.fromMs - open.toMs) < smallestBreakMs;
}
