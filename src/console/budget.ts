// How much of the console's attention a device gets. Pure.

/** Messages that a device may send at once, and each second after that. A device at its worst stays far below. */
const burst = 100;
const perSecond = 10;
/** Topics of which the newest message waits for its turn. */
const mostHeld = 32;

export interface Waiting {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** One device's budget: what is beyond it waits, the newest of each topic, or is dropped. */
export class Budget {
  #left = burst;
  #atMs: number;
  readonly #held = new Map<string, Uint8Array>();

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Whether a message may be looked at now. */
  spend(topic: string, nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#left < 1) return false;
    this.#left -= 1;
    // What waits of the same topic is older.
    this.#held.delete(topic);
    return true;
  }

  /** Keeps a message of a retained topic for later. @returns whether there was room */
  hold(topic: string, payload: Uint8Array): boolean {
    if (!this.#held.has(topic) && this.#held.size >= mostHeld) return false;
    this.#held.set(topic, payload);
    return true;
  }

  /** What has waited, as far as it may be looked at now. */
  release(nowMs: number): readonly Waiting[] {
    this.#refill(nowMs);
    const released: Waiting[] = [];
    for (const [topic, payload] of this.#held) {
      if (this.#left < 1) break;
      this.#left -= 1;
      this.#held.delete(topic);
      released.push({ topic, payload });
    }
    return released;
  }

  get waits(): boolean {
    return this.#held.size > 0;
  }

  #refill(nowMs: number): void {
    this.#left = Math.min(burst, this.#left + (Math.max(0, nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
  }
}
