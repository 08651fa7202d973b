import type { Position } from "./timeline.ts";

/** The latest sound, in memory: as many samples as it was made for. */
export class Ring {
  readonly #samples: Int16Array;
  #start: Position;
  #head: Position;

  /** @param start where the log goes on: nothing before it is in memory */
  constructor(capacity: number, start: Position) {
    // Filled, so that the memory is there from now on: not to be found, page by page, as sound comes.
    this.#samples = new Int16Array(capacity).fill(0);
    this.#start = start;
    this.#head = start;
  }

  get head(): Position {
    return this.#head;
  }

  /** The first position that is still in memory. */
  get oldest(): Position {
    return Math.max(this.#start, this.#head - this.#samples.length);
  }

  /** Samples at the head. Of more than fit at once only the last are kept; all of them take their place. */
  write(samples: Int16Array): void {
    const capacity = this.#samples.length;
    const kept = samples.length > capacity ? samples.subarray(samples.length - capacity) : samples;
    this.#head += samples.length;
    const at = (this.#head - kept.length) % capacity;
    const first = capacity - at;
    if (kept.length <= first) {
      this.#samples.set(kept, at);
      return;
    }
    this.#samples.set(kept.subarray(0, first), at);
    this.#samples.set(kept.subarray(first), 0);
  }

  /** Nothing before the head is in memory any more. */
  forget(): void {
    this.#start = this.#head;
  }

  /** What lies between two positions, both in memory: good until the next write. */
  look(from: Position, to: Position): Int16Array {
    const capacity = this.#samples.length;
    const at = from % capacity;
    const count = to - from;
    const first = capacity - at;
    if (count <= first) return this.#samples.subarray(at, at + count);
    const samples = new Int16Array(count);
    samples.set(this.#samples.subarray(at, at + first));
    samples.set(this.#samples.subarray(0, count - first), first);
    return samples;
  }
}
