import type { Clock } from "../base/clock.ts";
import { type Gap, GapReport, type LossCause, smallestBreakMs } from "./gap-report.ts";
import { Holes, type Span } from "./holes.ts";
import { Ring } from "./ring.ts";
import { type Keeping, noStore, type Store } from "./store.ts";
import { type Position, Timeline } from "./timeline.ts";

export type { Gap, LossCause } from "./gap-report.ts";

/** Where every captured millisecond is: captured = acknowledged + pending + lost. `missed` never got here. */
export interface Ledger {
  readonly capturedMs: number;
  /** Of what was captured: an earlier run left it on disk. */
  readonly resumedMs: number;
  readonly acknowledgedMs: number;
  /** Of what is acknowledged: never sent, because nobody spoke or the microphone was muted. */
  readonly withheldMs: number;
  readonly pendingMs: number;
  readonly lostMs: number;
  readonly missedMs: number;
}

/** What a gate decides about sound: it is to be recognised, or it is not and why. */
export type Verdict = "send" | "silence" | "muted";

export interface AudioLogOptions {
  /** Hz */
  readonly sampleRate: number;
  /** How much sound is kept in memory. */
  readonly capacityMs: number;
  /** false for a source that does not run in real time. */
  readonly live: boolean;
  readonly clock: Clock;
  /** Told of sound that is gone, at most once per 10 s of lost sound while it goes on. */
  readonly onGap: (gap: Gap) => void;
  /** true: sound waits for `decide` before it is read. Default: all of it is to be recognised. */
  readonly gated?: boolean;
  /** Default: memory is all there is. */
  readonly store?: Store;
  /** Which sound goes to the store before the service is done with it. Default: none. */
  readonly keeping?: Keeping;
}

const keepNothing: Keeping = { afterMs: Number.POSITIVE_INFINITY, pieceMs: 1_000 };

/**
 * The record of what was captured, and how far the service has dealt with it.
 *
 *     0 … settled … cursor … head      settled: acknowledged, or lost; cursor: next to be sent; head: next to be captured
 *
 * Capture appends at the head and never waits. One reader reads at the cursor. What the service has finished with
 * is settled. When anything breaks, the reader rewinds the cursor to the settled position and reads on from there.
 * The latest `capacityMs` are in memory. What is about to fall out of it unsettled is offered to the store. What falls
 * out, is not in the store and was not read is lost, counted and reported; if it was read, only if it has to be read again.
 */
export class AudioLog {
  readonly sampleRate: number;
  /** What lies before this was captured by an earlier run. */
  readonly resumedTo: Position;
  readonly #clock: Clock;
  readonly #report: GapReport;
  readonly #samplesPerMs: number;
  readonly #ring: Ring;
  readonly #timeline: Timeline;
  readonly #store: Store;
  readonly #keepAfter: number;
  readonly #piece: number;
  readonly #gated: boolean;
  readonly #origin: Position;
  readonly #holes = new Holes();
  #decided: Position;
  #cursor: Position;
  #readTo: Position;
  #settled: Position;
  #answered: Position;
  #answeredName: string | null;
  /** What lies before this was offered to the store, or need not be. */
  #offered: Position;
  /** Of what lies before the settled position: what was lost, and what was never there. */
  #unacknowledged = 0;
  #lost = 0;
  #absent = 0;
  #withheld = 0;
  #missedMs = 0;
  #lastArrivalMs = 0;
  #brokenSinceMs: number | null = null;

  constructor(options: AudioLogOptions) {
    const { sampleRate, capacityMs, live, store = noStore, keeping = keepNothing, gated = false } = options;
    this.sampleRate = sampleRate;
    this.#samplesPerMs = sampleRate / 1000;
    this.#clock = options.clock;
    this.#report = new GapReport(options.onGap);
    this.#store = store;
    this.#gated = gated;
    this.#keepAfter = keeping.afterMs * this.#samplesPerMs;
    this.#piece = keeping.pieceMs * this.#samplesPerMs;
    const { resumed } = store;
    const start = resumed?.progress.settled ?? 0;
    const end = resumed?.blocks.at(-1)?.to ?? start;
    this.resumedTo = end;
    this.#ring = new Ring(Math.ceil(capacityMs * this.#samplesPerMs), end);
    this.#timeline = new Timeline(sampleRate, live);
    this.#origin = start;
    this.#settled = start;
    this.#cursor = start;
    this.#readTo = start;
    this.#decided = end;
    this.#offered = end;
    this.#answered = resumed?.progress.answered ?? 0;
    this.#answeredName = resumed?.progress.name ?? null;
    let at = start;
    for (const block of resumed?.blocks ?? []) {
      this.#timeline.restore(block);
      this.#absent += block.from - at;
      this.#holes.add({ from: at, to: block.from }, "absent");
      at = block.to;
    }
    this.#skipHoles();
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

  /** The lasting name of that place. */
  get answeredName(): string {
    return this.#answeredName ?? this.#timeline.nameOf(this.#answered);
  }

  /** Samples that wait to be read. */
  get unread(): number {
    return this.#decided - this.#cursor - this.#holes.within(this.#cursor, this.#decided);
  }

  /** A new recording begins at the head. Its id must be unique for all time: transcript ids are made of it. */
  openStream(id: string): void {
    this.#timeline.openStream(id, this.#ring.head);
    this.#answeredName ??= this.#timeline.nameOf(this.#answered);
  }

  /** The recording broke off: the time until sound arrives again is a gap. */
  breakOff(): void {
    if (this.#ring.head > this.resumedTo) this.#brokenSinceMs ??= this.#lastArrivalMs;
  }

  /**
   * The recorder says that it dropped this much before what it delivers next; 0: it does not say how much.
   * Before the first sound nothing can be missing yet, and a running break counts it already.
   */
  overrun(lostMs: number): void {
    const nowMs = this.#timeline.wallMs(this.#ring.head);
    this.#timeline.restartClock();
    if (lostMs <= 0 || this.#ring.head === this.resumedTo || this.#brokenSinceMs !== null) return;
    this.#miss({ fromMs: nowMs, toMs: nowMs + lostMs, lostMs, cause: "overrun" });
  }

  /** Samples just captured, mono. Copied; never blocks. */
  append(samples: Int16Array): void {
    const wallMs = this.#clock.wallMs();
    const monotonicMs = this.#clock.monotonicMs();
    const before = this.#ring.oldest;
    this.#endBreak(samples.length, wallMs, monotonicMs);
    this.#timeline.arrived(this.#ring.head, this.#ring.head + samples.length, wallMs, monotonicMs);
    this.#ring.write(samples);
    if (!this.#gated) this.#decided = this.#ring.head;
    this.#takeDropped();
    this.#loseUnkept(Math.max(before, this.#cursor), this.#ring.oldest);
    this.#offer(this.#ring.head - this.#keepAfter);
    this.#timeline.forgetBefore(Math.min(this.#settled, this.#ring.oldest));
  }

  /** What a gate says of all sound before `upTo` that was not decided upon. What is withheld is never read. */
  decide(upTo: Position, verdict: Verdict): void {
    const span = { from: this.#decided, to: Math.min(upTo, this.#ring.head) };
    if (span.to <= span.from) return;
    this.#decided = span.to;
    if (verdict === "send") return;
    for (const each of this.#holes.add(span, "withheld")) this.#withheld += each.to - each.from;
    this.#skipHoles();
  }

  /**
   * The next samples to send, at most `count`, and their position. Moves the cursor. Fewer before a hole, and at the end.
   * null when fewer than `atLeast` wait, or they are being fetched from the store: soon, then.
   */
  read(count: number, atLeast = count): { readonly position: Position; readonly samples: Int16Array } | null {
    this.#takeDropped();
    if (this.unread < Math.max(1, atLeast)) return null;
    const position = this.#cursor;
    const to = Math.min(position + count, this.#decided, this.#holes.nextAfter(position));
    const samples = this.#fetch(position, to);
    if (samples === null) return null;
    this.#cursor = position + samples.length;
    this.#readTo = Math.max(this.#readTo, this.#cursor);
    this.#skipHoles();
    this.#report.flush();
    return { position, samples };
  }

  /** The service is done with everything before `position`. Going back, or beyond what was ever read, is not possible: clamped. */
  settle(position: Position): void {
    this.#settled = Math.min(Math.max(position, this.#settled), this.#readTo);
    this.#cursor = Math.max(this.#cursor, this.#settled);
    this.#skipHoles();
  }

  /** The service has answered for what lies before `position`: it is done with it. */
  answer(position: Position): void {
    if (position > this.#answered) {
      this.#answered = Math.min(position, Math.max(this.#readTo, this.#answered));
      this.#answeredName = this.#timeline.nameOf(this.#answered);
    }
    this.settle(position);
  }

  /** Gives up on everything before `position` that was ever read: lost, with its cause. */
  abandon(position: Position, cause: LossCause): void {
    this.#lose({ from: this.#settled, to: Math.min(position, this.#readTo) }, cause);
    this.settle(position);
    this.#report.flush();
  }

  /** The next read starts at the settled position again. What is no longer kept from there on is lost. */
  rewind(): void {
    this.#takeDropped();
    this.#loseUnkept(this.#settled, this.#ring.oldest);
    this.#cursor = this.#settled;
    this.#skipHoles();
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
    const head = this.#ring.head;
    const waiting = head - this.#settled;
    const pending = waiting - this.#holes.within(this.#settled, head);
    const withheldAhead = this.#holes.within(this.#settled, head, "withheld");
    const settled = this.#settled - this.#origin - this.#unacknowledged;
    return {
      capturedMs: (head - this.#origin - this.#absent) / this.#samplesPerMs,
      resumedMs: (this.resumedTo - this.#origin - this.#absent) / this.#samplesPerMs,
      acknowledgedMs: (settled + withheldAhead) / this.#samplesPerMs,
      withheldMs: this.#withheld / this.#samplesPerMs,
      pendingMs: pending / this.#samplesPerMs,
      lostMs: this.#lost / this.#samplesPerMs,
      missedMs: this.#missedMs,
    };
  }

  /** The program ends: offers all that the service is not done with to the store. @returns whether it took everything */
  spill(): boolean {
    this.decide(this.#ring.head, "send");
    this.#takeDropped();
    return this.#offer(this.#ring.head);
  }

  /** The program has ended: what the service is not done with and the store has not got is lost; a running break ends here. */
  close(): void {
    this.#takeDropped();
    this.#endBreak(0, this.#clock.wallMs(), this.#clock.monotonicMs());
    for (const span of this.#unkept(this.#settled, this.#ring.head)) this.#lose(span, "stopped");
    this.#report.flush();
  }

  /** What lies between two positions: from memory, or from the store; null: not yet. */
  #fetch(from: Position, to: Position): Int16Array | null {
    if (from >= this.#ring.oldest) return this.#ring.copy(from, to);
    const stored = this.#store.fetch(from, to);
    if (stored === "absent") {
      this.#loseUnkept(from, Math.min(to, this.#ring.oldest));
      return null;
    }
    if (stored === "wait" || stored.length === to - from) return stored === "wait" ? null : stored;
    const rest = this.#fetch(from + stored.length, to);
    if (rest === null) return null;
    const samples = new Int16Array(to - from);
    samples.set(stored);
    samples.set(rest, stored.length);
    return samples;
  }

  /** Offers to the store what is not settled before `due`. @returns whether it took everything */
  #offer(due: Position): boolean {
    for (;;) {
      const from = this.#holes.skip(Math.max(this.#offered, this.#settled, this.#ring.oldest));
      this.#offered = from;
      const end = Math.min(due, this.#decided);
      // Whole pieces, but for the last of all.
      if (from >= end || (due < this.#ring.head && due - from < this.#piece)) return true;
      const { until, ...run } = this.#timeline.runAt(from);
      const to = Math.min(from + this.#piece, end, until, this.#holes.nextAfter(from));
      if (!this.#store.keep({ ...run, position: from, samples: this.#ring.copy(from, to) })) return false;
      this.#offered = to;
    }
  }

  /** What the store has dropped is lost, unless it is still in memory. */
  #takeDropped(): void {
    for (const { from, to, cause, again } of this.#store.takeDropped()) {
      if (again) this.#offered = Math.min(this.#offered, from);
      this.#lose({ from: Math.max(from, this.#settled), to: Math.min(to, this.#ring.oldest) }, cause);
    }
  }

  #loseUnkept(from: Position, to: Position): void {
    for (const span of this.#unkept(from, to)) this.#lose(span, "buffer-full");
  }

  /** The stretches between two positions that the store has not got. */
  *#unkept(from: Position, to: Position): Iterable<Span> {
    let at = this.#store.keptTo(from);
    while (at < to) {
      const next = Math.min(this.#store.keptAfter(at), to);
      yield { from: at, to: next };
      at = this.#store.keptTo(next);
    }
  }

  /** Counts what of `span` is not a hole already, and adds it to the report. */
  #lose(span: Span, cause: LossCause): void {
    for (const { from, to } of this.#holes.add(span, "lost")) {
      this.#lost += to - from;
      const fromMs = this.wallMs(from);
      const lostMs = (to - from) / this.#samplesPerMs;
      // The wall clock may have been set back in between.
      this.#report.add({ fromMs, toMs: Math.max(this.wallMs(to), fromMs + lostMs), lostMs, cause });
    }
    this.#skipHoles();
  }

  /** What is settled up to a hole is settled beyond it, and what is read up to a hole is read beyond it. */
  #skipHoles(): void {
    this.#cursor = this.#holes.skip(this.#cursor);
    this.#readTo = Math.max(this.#readTo, this.#cursor);
    this.#settled = this.#holes.skip(this.#settled);
    for (const hole of this.#holes.takeBefore(this.#settled)) {
      if (hole.kind !== "withheld") this.#unacknowledged += hole.to - hole.from;
    }
    this.#store.progress({ settled: this.#settled, answered: this.#answered, name: this.answeredName });
  }

  #miss(gap: Gap): void {
    this.#missedMs += gap.lostMs;
    this.#report.add(gap);
    this.#report.flush();
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
}
