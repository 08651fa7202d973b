/**
 * scripts/picture-of-demo.ts: runs the demo once, draws what its terminal shows in the middle of the outage as
 * docs/demo.svg, and writes what a pipe would get of the whole run to docs/demo.txt. Exit code 1 when that moment did
 * not come.
 */
import { createWriteStream, writeFileSync } from "node:fs";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { systemClock } from "../src/base/clock.ts";
import { perform } from "../src/cli/demo/perform.ts";
import { liveScreen, plainScreen, type Screen, type StatusArea } from "../src/cli/demo/screen.ts";
import { type Cell, Terminal } from "./terminal.ts";

const columns = 110;
/** Rows of the picture: the last ones. */
const height = 38;
const file = new URL("../docs/demo.svg", import.meta.url);
const textFile = new URL("../docs/demo.txt", import.meta.url);

type Rows = readonly (readonly Cell[])[];

/** A terminal that keeps the picture of one moment. */
class Camera extends Writable {
  readonly columns = columns;
  readonly #terminal = new Terminal(columns);
  picture: Rows | null = null;

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.#terminal.write(String(chunk));
    if (this.picture === null && isTheMoment(this.#terminal.text)) this.picture = structuredClone(this.#terminal.rows);
    done();
  }
}

/** The alarm is raised, the service has refused a connection, and the wait for the next one is half over. */
function isTheMoment(text: string): boolean {
  return text.includes("▲ 1 alarm") && text.includes("refused") && /next attempt in 1\.[0-4] s/.test(text);
}

const cell = { width: 8.4, height: 19 };
const margin = 16;
const colours: Readonly<Record<string, string>> = {
  "": "#d0d7de",
  "1": "#ffffff",
  "31": "#ff7b72",
  "1;31": "#ff7b72",
  "32": "#7ee787",
  "33": "#e3b341",
  "34": "#79c0ff",
  "36": "#56d4dd",
  "90": "#8b949e",
};

function svg(rows: Rows): string {
  const width = columns * cell.width + 2 * margin;
  const total = rows.length * cell.height + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" role="img">`,
    "<title>sis-agent demo in a terminal, in the middle of an outage of the service</title>",
    `<rect width="${width}" height="${total}" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">`,
    ...rows.flatMap((row, index) => runs(row).map((run) => textElement(run, index))),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

interface Run {
  readonly from: number;
  readonly text: string;
  readonly look: string;
}

/** Neighbours that look the same, as one. */
function runs(row: readonly Cell[]): readonly Run[] {
  const all: Run[] = [];
  for (const [column, { character, look }] of row.entries()) {
    const last = all.at(-1);
    if (last?.look === look) all[all.length - 1] = { ...last, text: last.text + character };
    else all.push({ from: column, text: character, look });
  }
  return all.flatMap(withoutSpaces);
}

/** What is between spaces: browsers differ in what they make of more than one, and of those at an end. */
function withoutSpaces({ from, text, look }: Run): Run[] {
  return Array.from(text.matchAll(/\S+(?: \S+)*/g), ({ 0: words, index }) => ({
    from: from + Array.from(text.slice(0, index)).length,
    text: words,
    look,
  }));
}

/** Its length is forced, so that columns stay columns whatever the font. */
function textElement({ from, text, look }: Run, row: number): string {
  const x = (margin + from * cell.width).toFixed(1);
  const y = (margin + (row + 0.75) * cell.height).toFixed(1);
  const length = (Array.from(text).length * cell.width).toFixed(1);
  const weight = look.startsWith("1") ? ' font-weight="bold"' : "";
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const fill = colours[look] ?? colours[""];
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${fill}"${weight}>${escaped}</text>`;
}

const camera = new Camera({ decodeStrings: false });
const text = createWriteStream(textFile);

/** A terminal and a pipe at once. */
function bothScreens(status: StatusArea): Screen {
  const screens = [liveScreen(camera, true, status, systemClock), plainScreen(text)];
  return {
    print: (lines) => {
      for (const screen of screens) screen.print(lines);
    },
    [Symbol.dispose]: () => {
      for (const screen of screens) screen[Symbol.dispose]();
    },
  };
}

await perform({
  seconds: 30,
  device: null,
  openScreen: bothScreens,
  clock: systemClock,
  signal: new AbortController().signal,
});
text.end();
await finished(text);
const { picture } = camera;
if (picture === null) {
  process.stderr.write("the moment for the picture did not come; try again\n");
  process.exitCode = 1;
} else {
  // The row below the status area is where the cursor stands.
  writeFileSync(file, svg(picture.slice(-height - 1, -1)));
}
