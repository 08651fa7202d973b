import { parse } from "smol-toml";

/** Deeper keys than any of ours are not noted: a hostile file must not cost more than its size. */
const deepest = 8;

/** A key as the map's index: TOML keys may hold any character. */
function indexOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** The lines (from 1) on which the keys and tables of a TOML document first appear. */
export class Lines {
  readonly #lines: ReadonlyMap<string, number>;

  /** @param toml a document that is valid TOML */
  constructor(toml: string) {
    this.#lines = new Scanner(toml).scan();
  }

  /** The line of a key or table; of the nearest table around it where it is not in the document; null: none is. */
  of(path: readonly string[]): number | null {
    for (let length = path.length; length > 0; length -= 1) {
      const line = this.#lines.get(indexOf(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return null;
  }
}

/** Walks a valid document from key to key; of values it knows only where they end. Source: TOML 1.1. */
class Scanner {
  readonly #toml: string;
  readonly #lines = new Map<string, number>();
  #at = 0;
  #line = 1;
  #lineCountedTo = 0;

  constructor(toml: string) {
    this.#toml = toml;
  }

  scan(): ReadonlyMap<string, number> {
    let table: readonly string[] = [];
    for (this.#skipVoid(); this.#at < this.#toml.length; this.#skipVoid()) {
      if (this.#toml[this.#at] === "[") {
        const line = this.#lineHere();
        while (this.#toml[this.#at] === "[") this.#at += 1;
        table = this.#key("]");
        while (this.#toml[this.#at] === "]") this.#at += 1;
        this.#note(table, 0, line);
      } else {
        this.#keyAndValue(table);
      }
    }
    return this.#lines;
  }

  /** @param table the table around it; null: inside a list, where keys have no path of their own */
  #keyAndValue(table: readonly string[] | null): void {
    const line = this.#lineHere();
    const key = this.#key("=");
    this.#at += 1;
    const path = table === null ? null : [...table, ...key].slice(0, deepest);
    if (path !== null && table !== null) this.#note(path, table.length, line);
    this.#skipVoid();
    this.#value(path);
  }

  #value(path: readonly string[] | null): void {
    const first = this.#toml[this.#at];
    if (first === '"' || first === "'") this.#string(first);
    else if (first === "[") this.#inside("]", () => this.#value(null));
    else if (first === "{") this.#inside("}", () => this.#keyAndValue(path));
    else this.#skipWhile(/[^,\]}#\n]/y);
  }

  #inside(end: string, item: () => void): void {
    this.#at += 1;
    for (this.#skipSeparators(); this.#at < this.#toml.length; this.#skipSeparators()) {
      if (this.#toml[this.#at] === end) {
        this.#at += 1;
        return;
      }
      const before = this.#at;
      item();
      if (this.#at === before) return; // not TOML after all: an answer is better than a loop without end
    }
  }

  #string(quote: string): void {
    const triple = quote.repeat(3);
    const long = this.#toml.startsWith(triple, this.#at);
    const end = long ? triple : quote;
    this.#at += end.length;
    while (this.#at < this.#toml.length && !this.#toml.startsWith(end, this.#at)) {
      this.#at += quote === '"' && this.#toml[this.#at] === "\\" ? 2 : 1;
    }
    this.#at += end.length;
    // A long string may end in quotes of its own, just before the three that close it.
    if (long) while (this.#toml[this.#at] === quote) this.#at += 1;
  }

  /** The dotted key from here to `end`, which is not consumed. */
  #key(end: string): readonly string[] {
    const start = this.#at;
    while (this.#at < this.#toml.length && this.#toml[this.#at] !== end) {
      const character = this.#toml[this.#at];
      if (character === '"' || character === "'") this.#string(character);
      else this.#at += 1;
    }
    return decodeKey(this.#toml.slice(start, this.#at).trim());
  }

  #note(path: readonly string[], from: number, line: number): void {
    for (let length = from + 1; length <= Math.min(path.length, deepest); length += 1) {
      const index = indexOf(path.slice(0, length));
      if (!this.#lines.has(index)) this.#lines.set(index, line);
    }
  }

  /** Counts only forward, so that all lines together cost one pass. */
  #lineHere(): number {
    for (; this.#lineCountedTo < this.#at; this.#lineCountedTo += 1) {
      if (this.#toml[this.#lineCountedTo] === "\n") this.#line += 1;
    }
    return this.#line;
  }

  #skipVoid(): void {
    this.#skipWhile(/(?:[\s\ufeff]|#[^\n]*)/y);
  }

  #skipSeparators(): void {
    this.#skipWhile(/(?:[\s,]|#[^\n]*)/y);
  }

  #skipWhile(pattern: RegExp): void {
    for (pattern.lastIndex = this.#at; pattern.test(this.#toml); ) this.#at = pattern.lastIndex;
  }
}

/** The parts of a dotted key. Quoted parts are left to the TOML parser, which knows their escapes. */
function decodeKey(source: string): readonly string[] {
  if (!/["']/.test(source)) return source.split(".").map((part) => part.trim());
  const parts: string[] = [];
  for (let value: unknown = parse(`${source} = 0`); typeof value === "object" && value !== null; ) {
    const [entry] = Object.entries(value);
    if (entry === undefined) break;
    parts.push(entry[0]);
    value = entry[1];
  }
  return parts;
}
