/** A terminal that remembers: what a program has written to it, as rows of characters with their colours. */

/** SGR parameters in effect, as text: `1;31`; empty: none. */
export type Look = string;

export interface Cell {
  readonly character: string;
  readonly look: Look;
}

/** The control sequences that the demo uses, and no others: an unknown one is an error. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const sequence = /^\u001b\[(\??)([\d;]*)([A-Za-z])/;

// oxlint-disable-next-line no-control-regex -- likewise
const begun = /^\u001b(\[\??[\d;]*)?$/;

/** Understands text, CR, LF, and of ECMA-48: SGR, CUU, EL, ED; and DEC's cursor on and off. */
export class Terminal {
  readonly columns: number;
  readonly #rows: Cell[][] = [[]];
  #row = 0;
  #column = 0;
  #look: Look = "";
  #cursor = true;
  /** The beginning of a control sequence whose rest has not come yet. */
  #begun = "";

  constructor(columns: number) {
    this.columns = columns;
  }

  get cursorIsShown(): boolean {
    return this.#cursor;
  }

  /** Everything from the first row on: nothing that scrolls away is forgotten. */
  get rows(): readonly (readonly Cell[])[] {
    return this.#rows;
  }

  get text(): string {
    return this.#rows
      .map((row) =>
        row
          .map(({ character }) => character)
          .join("")
          .trimEnd(),
      )
      .join("\n");
  }

  write(text: string): void {
    for (let rest = this.#begun + text; rest !== ""; ) {
      this.#begun = begun.test(rest) ? rest : "";
      if (this.#begun !== "") return;
      const found = sequence.exec(rest);
      if (found !== null) {
        const [whole, dec, parameters, command] = found;
        this.#command(`${dec ?? ""}${command ?? ""}`, parameters ?? "");
        rest = rest.slice(whole.length);
        continue;
      }
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      this.#put(character);
      rest = rest.slice(character.length);
    }
  }

  #command(command: string, parameters: string): void {
    switch (command) {
      case "m":
        this.#look = parameters === "0" ? "" : parameters;
        return;
      case "A":
        this.#row = Math.max(0, this.#row - Number(parameters || "1"));
        return;
      case "K":
        this.#current().length = Math.min(this.#current().length, this.#column);
        return;
      case "J":
        this.#command("K", "");
        this.#rows.length = this.#row + 1;
        return;
      case "?h":
      case "?l":
        this.#cursor = command === "?h";
        return;
      default:
        throw new Error(`the terminal does not know CSI ${parameters} ${command}`);
    }
  }

  #put(character: string): void {
    if (character === "\r") {
      this.#column = 0;
      return;
    }
    if (character === "\n" || this.#column >= this.columns) {
      this.#row += 1;
      this.#column = 0;
      if (this.#row === this.#rows.length) this.#rows.push([]);
      if (character === "\n") return;
    }
    if (character < " " || character === "\u007f") throw new Error("a control character reached the terminal");
    const row = this.#current();
    while (row.length < this.#column) row.push({ character: " ", look: "" });
    row[this.#column] = { character, look: this.#look };
    this.#column += 1;
  }

  #current(): Cell[] {
    const row = this.#rows[this.#row];
    if (row === undefined) throw new Error("the cursor has left the terminal");
    return row;
  }
}
