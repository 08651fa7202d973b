import type { AudioSource, SourceEvent } from "../../src/audio/source.ts";

/** A source that is being listened to: what it has said so far, and waiting for what it is to say. Stopped when disposed. */
export class Listening implements AsyncDisposable {
  readonly source: AudioSource;
  readonly events: SourceEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #count = 0;

  constructor(source: AudioSource) {
    this.source = source;
    source.start((event) => {
      this.events.push(event.type === "audio" ? { ...event, samples: event.samples.slice() } : event);
      if (event.type === "audio") this.#count += event.samples.length;
      for (const check of this.#waiting) check();
    });
  }

  /** How many samples have come so far. */
  get count(): number {
    return this.#count;
  }

  /** All samples so far, in one piece. */
  get samples(): Int16Array {
    const pieces = this.events.flatMap((event) => (event.type === "audio" ? [event.samples] : []));
    const all = new Int16Array(this.#count);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  /** All events of one type so far. */
  of<T extends SourceEvent["type"]>(type: T): Extract<SourceEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<SourceEvent, { type: T }> => event.type === type);
  }

  /** Resolves once `done` holds, which is looked at after each event. Rejects after `withinMs`, telling what came. */
  async until(done: () => boolean, withinMs = 30_000): Promise<void> {
    if (done()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => done() && resolve();
    const timer = setTimeout(() => reject(new Error(`not within ${withinMs} ms; came: ${this.#story()}`)), withinMs);
    this.#waiting.add(check);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  /** Resolves with the fault of the end. */
  async end(withinMs?: number): Promise<Extract<SourceEvent, { type: "ended" }>["fault"]> {
    await this.until(() => this.of("ended").length > 0, withinMs);
    return this.of("ended")[0]?.fault ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.stop();
  }

  #story(): string {
    return this.events
      .map((event) => {
        if (event.type === "audio") return `audio(${event.samples.length})`;
        return event.type === "interrupted" ? `interrupted(${event.fault.code}: ${event.fault.message})` : event.type;
      })
      .slice(-20)
      .join(" ");
  }
}
