import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { Terminal } from "../../scripts/terminal.ts";
import { emptyLine, line, span } from "../../src/cli/demo/line.ts";
import { liveScreen, plainScreen, type StatusArea } from "../../src/cli/demo/screen.ts";
import { ManualClock } from "../lab/manual-clock.ts";

class Tty extends Writable {
  columns: number;
  written = "";
  readonly terminal: Terminal;

  constructor(columns: number) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.terminal = new Terminal(columns);
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.written += String(chunk);
    this.terminal.write(String(chunk));
    done();
  }
}

const area =
  (text: string): StatusArea =>
  (columns) => [[span("-".repeat(columns))], [span(text, "good")]];

test("plain output is lines, without colours, escapes or blanks at their ends", () => {
  const stream = new Tty(20);
  using screen = plainScreen(stream);
  screen.print([line(0, span("a long line that no terminal breaks ", "bad")), emptyLine]);
  assert.equal(stream.written, "a long line that no terminal breaks\n\n");
});

test("lines scroll by above the status area", () => {
  const clock = new ManualClock();
  const stream = new Tty(30);
  let text = "one";
  const screen = liveScreen(stream, true, (columns) => area(text)(columns), clock);
  clock.advance(0);
  const rule = "-".repeat(29);
  assert.equal(stream.terminal.text, `${rule}\none\n`);
  assert.equal(stream.terminal.cursorIsShown, false);

  screen.print([line(2, span("first")), line(2, span("a second line, which is too long"))]);
  text = "two";
  clock.advance(100);
  assert.equal(stream.terminal.text, `first\na second line, which is too\n  long\n${rule}\ntwo\n`);

  screen.print([line(0, span("last"))]);
  screen[Symbol.dispose]();
  assert.equal(stream.terminal.text, "first\na second line, which is too\n  long\nlast\n");
  assert.equal(stream.terminal.cursorIsShown, true);
  assert.equal(clock.pending, 0);
});

test("it draws at most ten times a second, however much is printed", () => {
  const clock = new ManualClock();
  const stream = new Tty(30);
  let draws = 0;
  const screen = liveScreen(stream, false, (columns) => (draws++, area("x")(columns)), clock);
  for (let i = 0; i < 999; i++) {
    screen.print([line(0, span(`${i}`))]);
    clock.advance(1);
  }
  assert.equal(draws, 10);
  assert.ok(!stream.written.includes("\u001b[3"), "no colours were asked for");
  screen[Symbol.dispose]();
});

test("after the terminal has become narrower, all that was broken is drawn over", () => {
  const clock = new ManualClock();
  const stream = new Tty(80);
  const screen = liveScreen(stream, false, area("x".repeat(60)), clock);
  clock.advance(0);
  stream.columns = 40;
  stream.written = "";
  clock.advance(100);
  // The rule of 79 and the row of 60 take two rows each now.
  assert.ok(stream.written.startsWith("\r\u001b[4A"), JSON.stringify(stream.written));
  assert.ok(stream.written.includes(`${"-".repeat(39)}\u001b[K\n`));
  screen[Symbol.dispose]();
});

test("a terminal that does not tell its size is taken for one of 80 columns", () => {
  const clock = new ManualClock();
  const stream = new Tty(0);
  const widths: number[] = [];
  const screen = liveScreen(stream, false, (columns) => (widths.push(columns), []), clock);
  clock.advance(0);
  screen[Symbol.dispose]();
  assert.deepEqual(widths, [79]);
});
