import type { Span } from "../holes.ts";
import type { Position } from "../timeline.ts";
import { soundIn } from "./frame.ts";
import type { Frame } from "./writer.ts";

/** Sound on its way to the disk, in order: until it is there, it is to be had from here, however long the disk takes. */
export class Waiting {
  #frames: Frame[] = [];
  #samples = 0;

  /** What is to be written next. */
  get first(): Frame | undefined {
    return this.#frames[0];
  }

  get samples(): number {
    return this.#samples;
  }

  add(frame: Frame): void {
    this.#frames.push(frame);
    this.#samples += frame.to - frame.from;
  }

  /** The first is on the disk. */
  written(frame: Frame): void {
    if (this.#frames[0] !== frame) return;
    this.#frames.shift();
    this.#samples -= frame.to - frame.from;
  }

  /** Nothing of it will be written. @returns from where to where that was; null: nothing waited */
  clear(): Span | null {
    const first = this.#frames[0];
    const last = this.#frames.at(-1);
    this.#frames = [];
    this.#samples = 0;
    return first === undefined || last === undefined ? null : { from: first.from, to: last.to };
  }

  /** The frame that a position is in. */
  at(position: Position): Frame | undefined {
    return this.#frames.find(({ from, to }) => from <= position && position < to);
  }

  /** Where after `position` a frame begins. */
  after(position: Position): Position | undefined {
    return this.#frames.find(({ from }) => from > position)?.from;
  }

  /** What waits from one position on, at most to another; null: nothing. */
  get(from: Position, to: Position): Int16Array | null {
    const frame = this.at(from);
    return frame === undefined ? null : soundIn(frame.bytes).subarray(from - frame.from, to - frame.from);
  }
}
