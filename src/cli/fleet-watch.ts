import type { Writable } from "node:stream";
import { type Clock, pause } from "../base/clock.ts";
import type { FleetView } from "../console/console.ts";
import { fleetTable, outageLine, rowLine, summaryLine } from "../console/table.ts";
import { answer } from "./print.ts";

/** What is watched. */
type Watched = Pick<FleetView, "model" | "glance" | "rows">;

/** A terminal's output, or a pipe. */
export interface WatchStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const frameMs = 1_000;
// DEC private modes 1049 (another screen) and 25 (cursor); ECMA-48 CUP, EL and ED.
const enter = "\u001b[?1049h\u001b[?25l";
const leave = "\u001b[?25h\u001b[?1049l";
const home = "\u001b[H";
const eraseLine = "\u001b[K";
const eraseBelow = "\u001b[J";

interface Watching {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Whether the fleet is shown as a table in place: a terminal that calls itself dumb can but print lines. */
export function drawsTable(stream: WatchStream, env: Watching["env"]): boolean {
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** Shows the fleet until `stop`: as a table in place, or a line for each change, as long as somebody reads them. */
export async function watchFleet(view: Watched, stream: WatchStream, { env, clock, stop }: Watching): Promise<void> {
  if (drawsTable(stream, env)) await table(view, stream, clock, stop);
  else await lines(view, stream, clock, stop);
}

async function table(view: Watched, stream: WatchStream, clock: Clock, stop: AbortSignal): Promise<void> {
  // Also where the process ends without coming back here.
  const atExit = () => stream.write(leave);
  process.once("exit", atExit);
  stream.write(enter);
  try {
    while (!stop.aborted) {
      const shown = fleetTable(view.glance(), view.rows(), sizeOf(stream.rows, 24) - 1, sizeOf(stream.columns, 80));
      stream.write(`${home}${shown.map((line) => `${line}${eraseLine}\n`).join("")}${eraseBelow}`);
      await pause(clock, frameMs, stop);
    }
  } finally {
    process.off("exit", atExit);
    stream.write(leave);
  }
}

async function lines(view: Watched, stream: WatchStream, clock: Clock, stop: AbortSignal): Promise<void> {
  const changed = new Set<string>();
  using _watch = view.model.observe((key) => changed.add(key));
  const told = new Map<string, string>();
  const stopped = new Promise<false>((resolve) => {
    stop.addEventListener("abort", () => resolve(false), { once: true });
  });
  let summary = "";
  while (!stop.aborted) {
    const news: string[] = [];
    const glance = view.glance();
    const { outages } = glance;
    const head = [summaryLine(glance), ...outages.map(outageLine)].join("\n");
    if (head !== summary) news.push(head);
    summary = head;
    const common = new Set(outages.map(({ code }) => code));
    const rows = view.rows();
    const there = new Set(rows.map(({ k }) => k));
    for (const key of told.keys()) if (!there.has(key)) told.delete(key);
    for (const row of rows.filter(({ k }) => changed.has(k))) {
      // What an outage explains is told once, above.
      const line = rowLine({ ...row, al: row.al.filter(([, code]) => !common.has(code)) });
      if (told.get(row.k) !== line) news.push(line);
      told.set(row.k, line);
    }
    changed.clear();
    if (news.length > 0 && !(await Promise.race([answer(`${news.join("\n")}\n`, stream), stopped]))) return;
    await pause(clock, frameMs, stop);
  }
}

/** A terminal that does not know its size says 0. */
function sizeOf(told: number | undefined, usual: number): number {
  return told === undefined || told === 0 ? usual : told;
}
