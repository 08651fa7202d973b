import type { Clock } from "../base/clock.ts";
import { Accounts, type Ledger } from "./accounts.ts";
import { Breaks } from "./breaks.ts";
import { type Gap, GapReport, type LossCause } from "./gap-report.ts";
import { Holes, type Span, type Withheld } from "./holes.ts";
import { Ring } from "./ring.ts";
import { Shelf } from "./shelf.ts";
import type { Keeping, Store } from "./store.ts";
import { type Position, Timeline } from "./timeline.ts";

export { balances, type Ledger } from "./accounts.ts";
export type { Gap, LossCause } from "./gap-report.ts";

/** What a gate decides about sound: it is to be recognised, or it is not and why. */
export type Verdict = "send" | Withheld;

export interface AudioLogOptions {
  /** Hz */
  readonly sampleRate: number;
  /** How much sound is kept in memory. */
  readonly capacityMs: number;
  /** false for a source that does not run in real time. */
  readonly live: boolean;
  readonly clock: Clock;
  /** Told of sound that is gone, while it goes on after 10 s, 20 s more, 40, and then every 50. */
  readonly onGap: (gap: Gap) => void;
  readonly store: Store;
  /** Which sound goes to the store before the service is done with it. */
  readonly keeping: Keeping;
}

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
  readonly #wallNow: () => number;
  readonly #report: GapReport;
  readonly #samplesPerMs: number;
  readonly #memory: Ring;
  readonly #shelf: Shelf;
  readonly #timeline: Timeline;
  readonly #store: Store;
  readonly #keepAfter: number;
  readonly #piece: number;
  readonly #accounts: Accounts;
  readonly #holes = new Holes();
  readonly #breaks = new Breaks();
  #decided: Position;
  #cursor: Position;
  #readTo: Position;
  #settled: Position;
  #answered: Position;
  #answeredName: string | null;
  /** What lies before this was offered to the store, or need not be. */
  #offered: Position;
  /** When sound arrived last, on the monotonic clock; −∞: none has yet. */
  #arrivedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AudioLogOptions) {
    const { sampleRate, capacityMs, live, store, keeping } = options;
    this.sampleRate = sampleRate;
    this.#samplesPerMs = sampleRate / 1000;
    this.#clock = options.clock;
    this.#wallNow = () => options.clock.wallMs();
    this.#report = new GapReport(options.onGap);
    this.#store = store;
    this.#keepAfter = keeping.afterMs * this.#samplesPerMs;
    this.#piece = keeping.pieceMs * this.#samplesPerMs;
    const { resumed } = store;
    const start = resumed?.progress.settled ?? 0;
    const end = resumed?.blocks.at(-1)?.to ?? start;
    this.resumedTo = end;
    this.#memory = new Ring(Math.ceil(capacityMs * this.#samplesPerMs), end);
    this.#shelf = new Shelf(this.#memory, store);
    this.#timeline = new Timeline(sampleRate, live);
    this.#settled = start;
    this.#cursor = start;
    this.#readTo = start;
    this.#decided = end;
    this.#offered = end;
    this.#answered = resumed?.progress.answered ?? 0;
    this.#answeredName = resumed?.progress.name ?? null;
    let at = start;
    let absent = 0;
    for (const block of resumed?.blocks ?? []) {
      this.#timeline.restore(block);
      absent += Math.max(0, block.from - at);
      this.#holes.add({ from: at, to: block.from }, "absent");
      at = block.to;
    }
    this.#accounts = new Accounts(this.#samplesPerMs, start, end, absent);
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

  /** For how long no sound has arrived, ms; ∞: none has yet. */
  silentForMs(): number {
    return this.#clock.monotonicMs() - this.#arrivedAtMs;
  }

  /** A hole follows what is read next: that will not grow. */
  get endsAtHole(): boolean {
    return this.#holes.nextAfter(this.#cursor) <= this.#decided;
  }

  /** A new recording begins at the head. Its id must be unique for all time: transcript ids are made of it. */
  openStream(id: string): void {
    this.#timeline.openStream(id, this.#memory.head);
    this.#answeredName ??= this.#timeline.nameOf(this.#answered);
    this.#note();
  }

  /** The recording broke off: the time until sound arrives again is a gap. */
  breakOff(): void {
    if (this.#memory.head > this.resumedTo) this.#breaks.begin();
  }

  /** From here on, or until now, nothing is captured because nobody wants it: no gap. A running break ends here. */
  rest(): void {
    this.#miss(this.#breaks.arrived(0, this.#clock.monotonicMs(), this.#wallNow));
  }

  /**
   * The recorder says that it dropped this much before what it delivers next; 0: it does not say how much.
   * Before the first sound nothing can be missing yet.
   */
  overrun(lostMs: number): void {
    const { head } = this.#memory;
    const nowMs = this.#timeline.wallMs(head);
    this.#timeline.restartClock();
    if (lostMs > 0 && head > this.resumedTo) this.#breaks.overrun(nowMs, lostMs);
  }

  /** Samples just captured, mono. Copied; never blocks. They wait for `decide` before they are read. */
  append(samples: Int16Array): void {
    const monotonicMs = this.#clock.monotonicMs();
    this.#arrivedAtMs = monotonicMs;
    const { head, oldest: before } = this.#memory;
    this.#miss(this.#breaks.arrived(samples.length / this.#samplesPerMs, monotonicMs, this.#wallNow));
    this.#timeline.arrived(head, head + samples.length, monotonicMs, this.#wallNow);
    this.#memory.write(samples);
    const { oldest } = this.#memory;
    if (this.#cursor < oldest) {
      this.#takeDropped();
      this.#loseUnkept(Math.max(before, this.#cursor), oldest, this.#outOfMemory);
    }
    // A gate that has just shut decides nothing for a while, and memory moves on.
    this.#offer(this.#memory.head - this.#keepAfter, this.#piece);
    this.#timeline.forgetBefore(Math.min(this.#settled, oldest));
  }

  /** What a gate says of all sound before `upTo` that was not decided upon. What is withheld is never read. */
  decide(upTo: Position, verdict: Verdict): void {
    const { head } = this.#memory;
    const from = this.#decided;
    const to = Math.min(upTo, head);
    if (to <= from) return;
    this.#decided = to;
    if (verdict !== "send") {
      for (const each of this.#holes.add({ from, to }, verdict)) this.#accounts.withheld(each.to - each.from, verdict);
      this.#skipHoles();
    }
    // What is withheld takes its place in memory, too: what was said before falls out of it.
    this.#offer(head - this.#keepAfter, this.#piece);
  }

  /**
   * The next samples to send, at most `count`, and their position. Moves the cursor. Fewer before a hole, and at the end.
   * The samples are good until the next `append`. null when fewer than `atLeast` wait, or they are being fetched from the store: soon, then.
   */
  read(count: number, atLeast = count): { readonly position: Position; readonly samples: Int16Array } | null {
    if (this.#cursor < this.#memory.oldest) this.#takeDropped();
    if (this.unread < Math.max(1, atLeast)) return null;
    const position = this.#cursor;
    const hole = this.#holes.nextAfter(position);
    const to = Math.min(position + count, this.#decided, hole);
    const samples = this.#shelf.fetch(position, to);
    if (samples === "absent") this.#loseUnkept(position, to, "disk");
    if (typeof samples === "string") return null;
    this.#cursor = position + samples.length;
    this.#readTo = Math.max(this.#readTo, this.#cursor);
    if (this.#cursor === hole) this.#skipHoles();
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
    this.#loseUnkept(this.#settled, this.#memory.oldest, this.#outOfMemory);
    this.#cursor = this.#settled;
    this.#skipHoles();
  }

  /** To be called now and then: what the store has dropped by itself is told, though no sound may come, or none be read, for days. */
  review(): void {
    this.#takeDropped();
    this.#report.flushIfQuiet(this.#clock.monotonicMs());
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
    return this.#accounts.ledger(this.#settled, this.#memory.head, this.#holes);
  }

  /** The program ends: offers all that is decided, and that the service is not done with, to the store. @returns whether it took everything */
  spill(): boolean {
    this.#takeDropped();
    return this.#offer(this.#memory.head, 1);
  }

  /** The program has ended: what the service is not done with and the store has not got is lost; a running break ends here. */
  close(): void {
    this.#takeDropped();
    this.rest();
    this.#memory.forget();
    this.#loseUnkept(this.#settled, this.#memory.head, "stopped");
    this.#report.flush();
  }

  /** Offers to the store what is not settled before `due`, if it is `atLeast` samples. @returns whether it took everything */
  #offer(due: Position, atLeast: number): boolean {
    const end = Math.min(due, this.#decided);
    if (end - Math.max(this.#offered, this.#settled) < atLeast) return true;
    this.#takeDropped();
    for (;;) {
      const from = this.#holes.skip(Math.max(this.#offered, this.#settled, this.#memory.oldest));
      this.#offered = from;
      if (end - from < atLeast) return true;
      const { until, ...run } = this.#timeline.runAt(from);
      const to = Math.min(from + this.#piece, end, until, this.#holes.nextAfter(from));
      const samples = this.#shelf.fetch(from, to);
      if (typeof samples === "string") return true;
      if (!this.#store.keep({ ...run, position: from, samples })) return false;
      this.#offered = to;
    }
  }

  /** What the store has dropped is lost, unless it is in memory, or was read: then only if it is read again. What it cannot read is lost. */
  #takeDropped(): void {
    for (const { from, to, cause, again } of this.#store.takeDropped()) {
      if (again) this.#offered = Math.min(this.#offered, from);
      const needed = cause === "disk" && !again ? this.#settled : this.#cursor;
      this.#lose({ from: Math.max(from, needed), to: Math.min(to, this.#memory.oldest) }, cause);
    }
  }

  /** Why sound is lost that fell out of memory. */
  get #outOfMemory(): LossCause {
    return this.#store.failing ? "disk" : "buffer-full";
  }

  /** What is between two positions, and nowhere to be had. */
  #loseUnkept(from: Position, to: Position, cause: LossCause): void {
    for (const span of this.#shelf.unkept(from, to)) this.#lose(span, cause);
  }

  /** Counts what of `span` is not a hole already, and adds it to the report. */
  #lose(span: Span, cause: LossCause): void {
    for (const { from, to } of this.#holes.add(span, "lost")) {
      this.#accounts.lost(to - from);
      const fromMs = this.wallMs(from);
      const lostMs = (to - from) / this.#samplesPerMs;
      // The wall clock may have been set back in between.
      const toMs = Math.max(this.wallMs(to), fromMs + lostMs);
      this.#report.add({ fromMs, toMs, lostMs, cause }, this.#clock.monotonicMs());
    }
    this.#skipHoles();
  }

  /** What is settled up to a hole is settled beyond it, and what is read up to a hole is read beyond it. */
  #skipHoles(): void {
    this.#cursor = this.#holes.skip(this.#cursor);
    this.#readTo = Math.max(this.#readTo, this.#cursor);
    this.#settled = this.#holes.skip(this.#settled);
    this.#accounts.passed(this.#holes.takeBefore(this.#settled));
    this.#note();
  }

  /** Tells the store how far the service got. */
  #note(): void {
    this.#store.progress({ settled: this.#settled, answered: this.#answered, name: this.answeredName });
  }

  #miss(gap: Gap | null): void {
    if (gap === null) return;
    this.#accounts.missed(gap.lostMs);
    this.#report.add(gap, this.#clock.monotonicMs());
    this.#report.flush();
  }
}
