import type { Span } from "./holes.ts";
import type { Ring } from "./ring.ts";
import type { Store } from "./store.ts";
import type { Position } from "./timeline.ts";

/** All the sound there is: the latest in memory, and what the store keeps of the rest. */
export class Shelf {
  readonly #memory: Ring;
  readonly #store: Store;

  constructor(memory: Ring, store: Store) {
    this.#memory = memory;
    this.#store = store;
  }

  /** What lies between two positions, good until the next write; `wait`: it is being fetched; `absent`: it is not there. */
  fetch(from: Position, to: Position): Int16Array | "wait" | "absent" {
    if (from >= this.#memory.oldest) return this.#memory.look(from, to);
    const stored = this.#store.fetch(from, to);
    if (typeof stored === "string" || stored.length === to - from) return stored;
    const rest = this.fetch(from + stored.length, to);
    // What is there comes first; the next call will find out about what is not.
    if (rest === "absent") return stored;
    return rest === "wait" ? "wait" : concat(stored, rest);
  }

  /** The stretches between two positions that are neither in memory nor in the store. */
  *unkept(from: Position, to: Position): Iterable<Span> {
    const end = Math.min(to, this.#memory.oldest);
    let at = from < end ? this.#store.keptTo(from) : end;
    while (at < end) {
      const next = Math.min(this.#store.keptAfter(at), end);
      yield { from: at, to: next };
      at = this.#store.keptTo(next);
    }
  }
}

function concat(first: Int16Array, second: Int16Array): Int16Array {
  const samples = new Int16Array(first.length + second.length);
  samples.set(first);
  samples.set(second, first.length);
  return samples;
}
