import type { Fault } from "../base/fault.ts";

/** Where speech goes: a loudspeaker, or a file. Opened for one text. */
export interface Sink {
  /** How much sound may be given now, ms. What is given cannot be taken back. */
  readonly roomMs: number;
  /** Sound of a piece is held back until so much of it is there, or all: a cushion against a service that falters. ms */
  readonly cushionMs: number;
  /** Mono samples that come next. */
  give(samples: Int16Array): void;
  /** There is no more: that was the text, whole or broken off. */
  finish(how: "whole" | "broken off"): void;
  /** Ends at once, whatever is still to be heard. */
  stop(): void;
  /** Resolves when all was heard or written (null), or it cannot be. Never rejects. */
  readonly ended: Promise<Fault | null>;
}

/** For a text that is only fetched. */
export function openNowhere(): Sink {
  const end = Promise.withResolvers<null>();
  return {
    roomMs: Number.POSITIVE_INFINITY,
    cushionMs: 0,
    give() {},
    finish: () => end.resolve(null),
    stop: () => end.resolve(null),
    ended: end.promise,
  };
}
