/** The rest of a longer line is dropped. */
const longestLine = 300;
/** The lines before the last so many of one push are dropped. */
const mostLines = 100;

/** Cuts a byte stream into lines of text, whatever it holds: memory and work are bounded. Empty lines are left out. */
export class Lines {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #begun = "";

  /** The lines that are complete now. */
  push(bytes: Uint8Array): string[] {
    const pieces = (this.#begun + this.#decoder.decode(bytes, { stream: true })).split(/[\r\n]+/);
    this.#begun = (pieces.pop() ?? "").slice(0, longestLine);
    return pieces.slice(-mostLines).flatMap((line) => (line === "" ? [] : [line.slice(0, longestLine)]));
  }

  /** The last line, if it was not complete. */
  end(): string[] {
    return this.#begun === "" ? [] : [this.#begun];
  }
}
