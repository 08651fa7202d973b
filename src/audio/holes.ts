import type { Position } from "./timeline.ts";

/** A stretch of the log, from its first sample to the one after its last. */
export interface Span {
  readonly from: Position;
  readonly to: Position;
}

/** Why a gate holds sound back: nobody speaks, somebody wants it muted, or the device itself speaks. */
export const withheldKinds = ["silence", "muted", "speaking"] as const;
export type Withheld = (typeof withheldKinds)[number];

/** Why a stretch of the log is never read: it is lost, it was held back by a gate, or an earlier run dealt with it. */
export type HoleKind = "lost" | Withheld | "absent";

export interface Hole extends Span {
  readonly kind: HoleKind;
}

/** The stretches of the log that are never read, in order, without overlap. Most of the time there are none. */
export class Holes {
  #holes: Hole[] = [];

  /** Makes what of `span` is not a hole already one. @returns what is new */
  add(span: Span, kind: HoleKind): readonly Span[] {
    const last = this.#holes.at(-1);
    // As they nearly always come: a day's outage with a gate leaves thousands of them.
    if (span.from < span.to && (last === undefined || last.to <= span.from)) return this.#append(last, span, kind);
    const fresh: Span[] = [];
    let from = span.from;
    for (const hole of [...this.#holes, { from: span.to, to: span.to }]) {
      const to = Math.min(hole.from, span.to);
      if (to > from) fresh.push({ from, to });
      from = Math.max(from, hole.to);
    }
    if (fresh.length > 0) this.#holes = joined([...this.#holes, ...fresh.map((each) => ({ ...each, kind }))]);
    return fresh;
  }

  #append(last: Hole | undefined, span: Span, kind: HoleKind): readonly Span[] {
    const grows = last?.to === span.from && last.kind === kind;
    if (grows) this.#holes[this.#holes.length - 1] = { from: last.from, to: span.to, kind };
    else this.#holes.push({ from: span.from, to: span.to, kind });
    return [span];
  }

  /** Where reading goes on from `position`: there, or at the end of the holes it is in. */
  skip(position: Position): Position {
    if (this.#holes.length === 0) return position;
    let at = position;
    for (const hole of this.#holes) {
      if (hole.from > at) break;
      at = Math.max(at, hole.to);
    }
    return at;
  }

  /** Where the next hole after `position` begins; infinity if there is none. */
  nextAfter(position: Position): Position {
    if (this.#holes.length === 0) return Number.POSITIVE_INFINITY;
    return this.#holes.find((hole) => hole.from > position)?.from ?? Number.POSITIVE_INFINITY;
  }

  /** How many samples between two positions are in holes (of a kind). */
  within(from: Position, to: Position, kind?: HoleKind): number {
    if (this.#holes.length === 0) return 0;
    let sum = 0;
    for (const hole of this.#holes) {
      if (kind !== undefined && hole.kind !== kind) continue;
      sum += Math.max(0, Math.min(hole.to, to) - Math.max(hole.from, from));
    }
    return sum;
  }

  /** Forgets what lies before `position`. @returns the holes, or parts of them, that are forgotten */
  takeBefore(position: Position): readonly Hole[] {
    const taken: Hole[] = [];
    for (let hole = this.#holes[0]; hole !== undefined && hole.from < position; hole = this.#holes[0]) {
      const { from, to, kind } = hole;
      taken.push({ from, to: Math.min(to, position), kind });
      if (to > position) this.#holes[0] = { from: position, to, kind };
      else this.#holes.shift();
    }
    return taken;
  }
}

/** In order, neighbours of one kind made one. */
function joined(holes: readonly Hole[]): Hole[] {
  const all: Hole[] = [];
  for (const hole of holes.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last !== undefined && last.to === hole.from && last.kind === hole.kind) {
      all[all.length - 1] = { ...last, to: hole.to };
    } else all.push(hole);
  }
  return all;
}
