import type { Span } from "./holes.ts";
import { Ring } from "./ring.ts";
import type { Store } from "./store.ts";
import type { Position } from "./timeline.ts";

/** All the sound there is: the latest in memory, and what the store keeps of the rest. */
export class Shelf {
  readonly #ring: Ring;
  readonly #store: Store;

  /** @param capacity samples in memory @param start where sound goes on: nothing before it is in memory */
  constructor(store: Store, capacity: number, start: Position) {
    this.#store = store;
    this.#ring = new Ring(capacity, start);
  }

  get head(): Position {
    return this.#ring.head;
  }

  /** The first position that is still in memory. */
  get oldest(): Position {
    return this.#ring.oldest;
  }

  write(samples: Int16Array): void {
    this.#ring.write(samples);
  }

  /** What lies between two positions, good until the next write; `wait`: it is being fetched; `absent`: it is not there. */
  fetch(from: Position, to: Position): Int16Array | "wait" | "absent" {
    if (from >= this.oldest) return this.#ring.look(from, to);
    const stored = this.#store.fetch(from, to);
    if (typeof stored === "string" || stored.length === to - from) return stored;
    const rest = this.fetch(from + stored.length, to);
    // What is there comes first; the next call will find out about what is not.
    if (rest === "absent") return stored;
    return rest === "wait" ? "wait" : concat(stored, rest);
  }

  /** The stretches between two positions that are neither in memory nor in the store. */
  *unkept(from: Position, to: Position): Iterable<Span> {
    const end = Math.min(to, this.oldest);
    let at = from < end ? this.#store.keptTo(from) : end;
    while (at < end) {
      const next = Math.min(this.#store.keptAfter(at), end);
      yield { from: at, to: next };
      at = this.#store.keptTo(next);
    }
  }

  /** Forgets what is in memory, as the end of the process will: `unkept` tells what is lost then. */
  forgetMemory(): void {
    this.#ring.forget();
  }
}

function concat(first: Int16Array, second: Int16Array): Int16Array {
  const samples = new Int16Array(first.length + second.length);
  samples.set(first);
  samples.set(second, first.length);
  return samples;
}
