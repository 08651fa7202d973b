import type { LossCause } from "./gap-report.ts";
import type { Span } from "./holes.ts";
import type { Position, Run } from "./timeline.ts";

/** Sound of one stream and one clock, in one piece. */
export interface Block extends Run {
  readonly position: Position;
  readonly samples: Int16Array;
}

/** How far the service has dealt with the log. `answered`: where its last answer ended, `name` the lasting name of that place. */
export interface Progress {
  readonly settled: Position;
  readonly answered: Position;
  readonly name: string;
}

/** What an earlier run left: where it got, and the sound that it did not get recognised. */
export interface Resumed {
  readonly progress: Progress;
  /** What is there, in order; the log goes on at the end of the last. */
  readonly blocks: readonly (Span & Run)[];
}

/** Sound that the store has no longer, or (`again`) could not take: what is still in memory may be offered again. */
export interface Dropped extends Span {
  readonly cause: LossCause;
  readonly again: boolean;
}

/** Samples; `wait`: they are being fetched; `absent`: they are not there. */
export type Fetched = Int16Array | "wait" | "absent";

/** Where sound goes that is not to be lost with the memory. Nothing here waits. */
export interface Store {
  readonly resumed: Resumed | null;
  /** It should take sound, and cannot: what falls out of memory meanwhile is lost because of it. */
  readonly failing: boolean;
  /**
   * Copies a block: it is kept from now on, until it is dropped.
   * @returns false if it cannot take more just now: offer it again later
   */
  keep(block: Block): boolean;
  /** The end of what is kept in one piece from `position` on: `position` itself if it is not kept. */
  keptTo(position: Position): Position;
  /** Where after `position` something is kept again; infinity for nowhere. */
  keptAfter(position: Position): Position;
  /** What is kept from one position to another: at least its beginning. */
  fetch(from: Position, to: Position): Fetched;
  /** How far the service has got: if that is new, it is noted, and what is not needed any more is deleted. */
  progress(progress: Progress): void;
  /** What was dropped since the last call. */
  takeDropped(): readonly Dropped[];
}

/** Which sound is offered to the store: what is older than `afterMs`, in pieces of `pieceMs`. */
export interface Keeping {
  readonly afterMs: number;
  readonly pieceMs: number;
}

/** The most sound that is written at once in an outage, ms. */
const mostPieceMs = 5_000;

/**
 * Which sound goes to disk. `outage`: what is about to fall out of memory, in large pieces, so that a memory card is not
 * written to while all is well. `always`: all of it.
 * @param memoryMs what memory holds @param flushMs how often all of it is written
 */
export function keepingOf(disk: "off" | "outage" | "always", memoryMs: number, flushMs: number): Keeping {
  switch (disk) {
    case "off":
      return keepNothing;
    case "outage":
      return { afterMs: memoryMs * 0.75, pieceMs: Math.min(mostPieceMs, memoryMs / 10) };
    case "always":
      return { afterMs: 0, pieceMs: flushMs };
  }
}

export const keepNothing: Keeping = { afterMs: Number.POSITIVE_INFINITY, pieceMs: mostPieceMs };
