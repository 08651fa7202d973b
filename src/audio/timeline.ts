/** A place in the audio log: samples captured before it, over all streams. The log's only currency. */
export type Position = number;

/** How long the best arrival is collected before the clock of a stream is set anew. Drift within it stays under 1 ms. */
const windowMs = 10_000;
/** How often it is noticed that the wall clock was set, and what is no setting but its ordinary running. */
const lookEveryMs = 1_000;
const steppedMs = 20;

/** Which stream a position is in, and its time. */
export interface Run {
  readonly stream: string;
  readonly streamStart: Position;
  /** Wall clock of the position, ms since the epoch. */
  readonly wallMs: number;
}

interface Anchor {
  /** From here on (until the next anchor) … */
  readonly from: Position;
  /** … a position's wall clock is this plus its duration since the log's beginning, ms. */
  readonly originMs: number;
}

interface Stream {
  readonly id: string;
  readonly start: Position;
}

/**
 * Maps positions to the wall-clock time at which they were captured.
 *
 * Sound arrives late by a varying delay, never early. So the smallest difference between arrival time and position
 * within a window is the truest; it is measured on the monotonic clock and turned into wall clock once a window.
 * That follows a sound card whose crystal drifts, and a wall clock that is set right after boot.
 */
export class Timeline {
  readonly #samplesPerMs: number;
  readonly #live: boolean;
  readonly #streams: Stream[] = [];
  readonly #anchors: Anchor[] = [];
  #windowEndsMs = 0;
  #bestMs = Number.POSITIVE_INFINITY;
  /** The wall clock less the monotonic one, when it was looked at last. */
  #aheadMs = 0;
  #nextLookMs = 0;

  /**
   * @param sampleRate Hz
   * @param live false for a source that is not (a file played fast): a stream's first arrival sets its clock for good
   */
  constructor(sampleRate: number, live: boolean) {
    this.#samplesPerMs = sampleRate / 1000;
    this.#live = live;
  }

  /** A new stream begins at `start`: a fresh recorder, or sound after a break. */
  openStream(id: string, start: Position): void {
    this.#streams.push({ id, start });
    this.restartClock();
  }

  /** Sound is missing before the next arrival: its time has to be measured afresh. */
  restartClock(): void {
    this.#windowEndsMs = Number.NEGATIVE_INFINITY;
  }

  /** Samples [from, to) have arrived just now. @param wallMs tells what the wall clock says now */
  arrived(from: Position, to: Position, monotonicMs: number, wallMs: () => number): void {
    const differenceMs = monotonicMs - to / this.#samplesPerMs;
    const fresh = this.#windowEndsMs === Number.NEGATIVE_INFINITY;
    if (fresh || (this.#live && monotonicMs >= this.#windowEndsMs)) {
      this.#windowEndsMs = monotonicMs + windowMs;
      this.#bestMs = differenceMs;
      this.#anchors.push({ from, originMs: this.#originMs(monotonicMs, wallMs) });
    } else if (this.#live && differenceMs < this.#bestMs) {
      this.#bestMs = differenceMs;
      const anchor = this.#anchors.pop();
      // What came before keeps its time, whatever the wall clock says by now: whether it was set is asked below.
      this.#anchors.push({ from: anchor?.from ?? from, originMs: this.#bestMs + this.#aheadMs });
    } else if (this.#live && this.#wasSet(monotonicMs, wallMs)) {
      this.#anchors.push({ from, originMs: this.#originMs(monotonicMs, wallMs) });
    }
  }

  /** Wall clock at which the sample at `position` was captured, ms since the epoch; 0 before anything arrived. */
  wallMs(position: Position): number {
    const anchor = lastStartingAt(this.#anchors, (each) => each.from, position);
    return anchor === undefined ? 0 : anchor.originMs + position / this.#samplesPerMs;
  }

  /** A lasting name for a position: `stream-sample`. */
  nameOf(position: Position): string {
    const stream = lastStartingAt(this.#streams, (each) => each.start, position);
    return stream === undefined ? `none-${position}` : `${stream.id}-${position - stream.start}`;
  }

  /** The stream and the time of a position, and up to where both go on without a break. */
  runAt(position: Position): Run & { readonly until: Position } {
    const stream = lastStartingAt(this.#streams, (each) => each.start, position);
    const next = [...this.#anchors.map((each) => each.from), ...this.#streams.map((each) => each.start)];
    return {
      stream: stream?.id ?? "none",
      streamStart: stream?.start ?? 0,
      wallMs: this.wallMs(position),
      until: next.filter((from) => from > position).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    };
  }

  /** What lies at `from`, and what follows, was captured by an earlier run. In order. */
  restore(run: Run & { readonly from: Position }): void {
    if (this.#streams.at(-1)?.id !== run.stream) this.#streams.push({ id: run.stream, start: run.streamStart });
    const originMs = run.wallMs - run.from / this.#samplesPerMs;
    const last = this.#anchors.at(-1);
    if (last === undefined || Math.abs(last.originMs - originMs) > 1) this.#anchors.push({ from: run.from, originMs });
  }

  #originMs(monotonicMs: number, wallMs: () => number): number {
    this.#aheadMs = wallMs() - monotonicMs;
    return this.#bestMs + this.#aheadMs;
  }

  #wasSet(monotonicMs: number, wallMs: () => number): boolean {
    if (monotonicMs < this.#nextLookMs) return false;
    this.#nextLookMs = monotonicMs + lookEveryMs;
    return Math.abs(wallMs() - monotonicMs - this.#aheadMs) > steppedMs;
  }

  /** Forgets what is only needed for positions before `oldest`. */
  forgetBefore(oldest: Position): void {
    for (let next = this.#anchors[1]; next !== undefined && next.from <= oldest; next = this.#anchors[1]) {
      this.#anchors.shift();
    }
    for (let next = this.#streams[1]; next !== undefined && next.start <= oldest; next = this.#streams[1]) {
      this.#streams.shift();
    }
  }
}

/** The last of `sorted` that starts at or before `position`; the first where none does. */
function lastStartingAt<T>(sorted: readonly T[], startOf: (each: T) => Position, position: Position): T | undefined {
  return sorted.findLast((each) => startOf(each) <= position) ?? sorted[0];
}
