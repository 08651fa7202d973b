import type { Span } from "../../src/simulator/alsa-room.ts";

/** Stretches of time: in order, apart. */
export type Spans = readonly Span[];

/** `spans` without what lies in any of `others`. */
export function without(spans: Spans, others: Spans): Span[] {
  return others.reduce<Span[]>(
    (left, cut) =>
      left.flatMap(({ from, to }) =>
        [
          { from, to: Math.min(to, cut.from) },
          { from: Math.max(from, cut.to), to },
        ].filter((piece) => piece.to > piece.from && piece.to <= to && piece.from >= from),
      ),
    [...spans],
  );
}

/** What lies between each and the next. */
export function between(spans: Spans): Span[] {
  return spans.slice(1).map((span, index) => ({ from: spans[index]?.to ?? span.from, to: span.from }));
}

export function lengthOf({ from, to }: Span): number {
  return to - from;
}

/** Longer at both ends; shorter where `by` is negative. */
export function widened({ from, to }: Span, by: number): Span {
  return { from: from - by, to: to + by };
}

export function touch(one: Span, other: Span): boolean {
  return one.from < other.to && other.from < one.to;
}

export function holds(outer: Span, inner: Span): boolean {
  return outer.from <= inner.from && inner.to <= outer.to;
}

/** How far a moment is from a span; 0 in it. */
export function distance({ from, to }: Span, at: number): number {
  return Math.max(0, from - at, at - to);
}
