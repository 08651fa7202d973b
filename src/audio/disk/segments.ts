import type { Position } from "../timeline.ts";
import type { Growing } from "./writer.ts";

/** A file of sound on disk. */
export interface Segment extends Readonly<Growing> {
  /** When it is too old to stay, on the monotonic clock, ms. */
  readonly expiresMs: number;
}

/** The files of sound on disk, in order. */
export class Segments {
  #all: readonly Segment[];

  constructor(found: readonly Segment[]) {
    this.#all = found;
  }

  get none(): boolean {
    return this.#all.length === 0;
  }

  has({ path }: Segment): boolean {
    return this.#all.some((each) => each.path === path);
  }

  /** Where the sound ends that is here from `position` on. */
  keptTo(position: Position): Position {
    let at = position;
    for (const { from, to } of this.#all) if (from <= at && at < to) at = to;
    return at;
  }

  /** Where after `position` a file begins. */
  after(position: Position): Position | undefined {
    return this.#all.find(({ from }) => from > position)?.from;
  }

  /** The file that a position is in, and the one that goes on where it ends. */
  at(position: Position): { readonly segment: Segment; readonly next: Segment | null } | null {
    const index = this.#all.findIndex(({ from, to }) => from <= position && position < to);
    const segment = this.#all[index];
    if (segment === undefined) return null;
    const next = this.#all[index + 1];
    return { segment, next: next?.from === segment.to ? next : null };
  }

  /** Those that hold nothing from `position` on. */
  before(position: Position): readonly Segment[] {
    return this.#all.filter(({ to }) => to <= position);
  }

  /** The oldest, without which the rest fits into `maxBytes`. @param least so many of the latest stay in any case */
  over(maxBytes: number, least: number): readonly Segment[] {
    let over = this.#all.reduce((sum, { bytes }) => sum + bytes, 0) - maxBytes;
    return this.#all.slice(0, this.#all.length - least).filter(({ bytes }) => {
      over -= bytes;
      return over + bytes > 0;
    });
  }

  expired(nowMs: number): readonly Segment[] {
    return this.#all.filter(({ expiresMs }) => expiresMs <= nowMs);
  }

  /** A file has begun, or grown: the latest. @param expiresMs of one that has begun */
  wrote(file: Readonly<Growing>, expiresMs: number): void {
    const last = this.#all.at(-1);
    this.#all =
      last?.path === file.path
        ? [...this.#all.slice(0, -1), { ...last, ...file }]
        : [...this.#all, { ...file, expiresMs }];
  }

  remove(segments: readonly Segment[]): void {
    this.#all = this.#all.filter((segment) => !segments.includes(segment));
  }
}
