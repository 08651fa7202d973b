/** What becomes of lines on their way out. */
export type OutletEvent =
  /** The reader went away; what is written from now on goes nowhere. */
  | { readonly type: "gone"; readonly code: string }
  /** The reader is so slow that the oldest lines are dropped, from now on. */
  | { readonly type: "losing" }
  /** It has caught up, or the outlet has come to its end: so many lines were dropped. */
  | { readonly type: "lost"; readonly lines: number };

/** What lines are written to: standard output or error. After an error it takes further writes, as those two do. */
export interface LineSink {
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** Given to the stream at a time; more waits here, where it can be dropped. */
const mostInFlightBytes = 64 * 1024;
const readerGone = new Set(["EPIPE", "ECONNRESET", "EBADF", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"]);

/**
 * Writes lines to a stream without ever waiting for its reader: a reader that is slow finds the newest `capacityBytes`,
 * one that goes away is forgotten. Pipes and sockets take writes asynchronously; files and terminals as fast as they are.
 */
export class LineOutlet {
  readonly #stream: LineSink;
  readonly #capacityBytes: number;
  readonly #onEvent: (event: OutletEvent) => void;
  readonly #waitingForDrain: (() => void)[] = [];
  /** Lines not given to the stream yet are those from `#first` on. */
  #lines: string[] = [];
  #first = 0;
  #waitingBytes = 0;
  #inFlightBytes = 0;
  #lost = 0;
  #gone = false;
  /** Half a line may stand where the next one begins: a disk takes what there is room for, and says nothing of the rest. */
  #torn = false;

  /** @param capacityBytes most that waits for the reader; beyond it the oldest lines are dropped, counted and told of */
  constructor(stream: LineSink, capacityBytes: number, onEvent: (event: OutletEvent) => void) {
    this.#stream = stream;
    this.#capacityBytes = capacityBytes;
    this.#onEvent = onEvent;
    // Without a listener the error of a reader that went away would end the process. The write's callback tells it, too.
    stream.on("error", () => {});
  }

  /** @param line without its line break */
  write(line: string): void {
    if (this.#gone) return;
    this.#lines.push(`${line}\n`);
    this.#waitingBytes += Buffer.byteLength(line) + 1;
    this.#pump();
    while (this.#waitingBytes > this.#capacityBytes && this.#take() !== null) {
      this.#lost += 1;
      if (this.#lost === 1) this.#onEvent({ type: "losing" });
    }
  }

  /** Resolves when nothing waits any more: written, or the reader is gone. May never, if the reader stands still. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#waitingForDrain.push(resolve);
      this.#settle(false);
    });
  }

  #pump(): void {
    while (!this.#gone && this.#inFlightBytes < mostInFlightBytes) {
      const line = this.#take();
      if (line === null) return;
      const bytes = Buffer.byteLength(line);
      this.#inFlightBytes += bytes;
      const text = this.#torn ? `\n${line}` : line;
      this.#torn = false;
      this.#stream.write(text, (error) => this.#written(bytes, error ?? null));
    }
  }

  #written(bytes: number, error: Error | null): void {
    this.#inFlightBytes -= bytes;
    if (error !== null && !this.#gone) this.#failed(error);
    this.#pump();
    this.#settle(error === null);
  }

  #failed(error: Error): void {
    const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
    if (readerGone.has(code)) {
      this.#gone = true;
      this.#lines = [];
      this.#first = 0;
      this.#waitingBytes = 0;
      this.#onEvent({ type: "gone", code });
      return;
    }
    // A full disk may have room again.
    this.#torn = true;
    this.#lost += 1;
    if (this.#lost === 1) this.#onEvent({ type: "losing" });
  }

  /**
   * @param isWell whether the reader takes lines again. Not before, or else at the end, is it told what was lost: a full
   * disk must not fill the log
   */
  #settle(isWell: boolean): void {
    if (!this.#gone && (this.#waitingBytes > 0 || this.#inFlightBytes > 0)) return;
    if (this.#lost > 0 && (isWell || this.#waitingForDrain.length > 0)) {
      const lines = this.#lost;
      this.#lost = 0;
      this.#onEvent({ type: "lost", lines });
    }
    for (const resolve of this.#waitingForDrain.splice(0)) resolve();
  }

  #take(): string | null {
    const line = this.#lines[this.#first];
    if (line === undefined) return null;
    this.#first += 1;
    this.#waitingBytes -= Buffer.byteLength(line);
    if (this.#first === this.#lines.length || this.#first >= 4096) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
    return line;
  }
}
