import type { Writable } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { type Line, painted, type Span, widthOf, wrapped } from "./line.ts";

/** Where lines go. */
export interface Screen extends Disposable {
  print(lines: readonly Line[]): void;
}

/** Lines one below the other, without any escape sequence: for pipes and files. */
export function plainScreen(stream: Writable): Screen {
  return {
    print(lines) {
      for (const { spans } of lines) stream.write(`${painted(spans, false).trimEnd()}\n`);
    },
    [Symbol.dispose]() {},
  };
}

/** A terminal's output. */
export interface TerminalStream extends Writable {
  readonly columns: number;
}

/** The rows of the area below the lines, for a terminal of so many columns. */
export type StatusArea = (columns: number) => readonly (readonly Span[])[];

/** Redrawn this often at most. */
const frameMs = 100;
// ECMA-48 EL and ED; DEC private mode 25.
const eraseToEnd = "\u001b[K";
const eraseBelow = "\u001b[J";
const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

/**
 * Lines that scroll by above a status area, which is drawn anew every 100 ms. Sizes are asked for at each drawing, so
 * the terminal may change its own at any time. Disposing leaves the lines, and the cursor as it was.
 */
export function liveScreen(stream: TerminalStream, colours: boolean, status: StatusArea, clock: Clock): Screen {
  let waiting: string[] = [];
  let area: readonly (readonly Span[])[] = [];
  let timer = clock.after(0, draw);
  stream.write(hideCursor);
  // Also where the process ends without disposing.
  const atExit = () => stream.write(showCursor);
  process.once("exit", atExit);

  /** The last column stays free: some terminals break the line when it is written. */
  function columns(): number {
    return Math.max(20, (stream.columns || 80) - 1);
  }

  /** A terminal that has become narrower has broken the rows of the area: they are more now. */
  function upToArea(): string {
    const rows = area.reduce((sum, row) => sum + Math.max(1, Math.ceil(widthOf(row) / (columns() + 1))), 0);
    return rows === 0 ? "\r" : `\r\u001b[${rows}A`;
  }

  function draw(): void {
    const start = upToArea();
    area = status(columns());
    write(start, [...waiting, ...area.map((row) => painted(row, colours))]);
    waiting = [];
    timer = clock.after(frameMs, draw);
  }

  /** Each row is written over what was there, so that nothing flickers; what is left below is erased. */
  function write(start: string, rows: readonly string[]): void {
    stream.write([start, ...rows.map((row) => `${row}${eraseToEnd}\n`), eraseBelow].join(""));
  }

  return {
    print(lines) {
      waiting.push(...lines.flatMap((each) => wrapped(each, columns()).map((row) => painted(row, colours))));
    },
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      write(upToArea(), waiting);
      stream.write(showCursor);
      process.off("exit", atExit);
    },
  };
}
