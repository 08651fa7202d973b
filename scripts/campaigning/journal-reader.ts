import { closeSync, openSync, readSync } from "node:fs";
import type { Span } from "../../src/simulator/alsa-room.ts";
import { appendSpan, parseJournalLine } from "./journal.ts";

/** Reads the journal of a room's recorders as it grows. */
export class JournalReader implements Disposable {
  readonly #file: number;
  readonly #buffer = Buffer.alloc(64 * 1024);
  readonly #spans: Span[] = [];
  #rest = "";

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  /** What recorders have given until now, in samples: in order, apart. */
  spans(): readonly Span[] {
    for (;;) {
      const count = readSync(this.#file, this.#buffer, 0, this.#buffer.length, null);
      if (count === 0) return this.#spans;
      const lines = (this.#rest + this.#buffer.toString("latin1", 0, count)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        const span = parseJournalLine(line);
        if (span !== null) appendSpan(this.#spans, span);
      }
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
