/**
 * scripts/bench startup: from nothing to the first sound on the wire, packaged and not, beside the least that Node takes.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions, runCommand, UsageError, wholeNumber } from "../command-line.ts";
import { median } from "../figures.ts";
import { machineLine } from "../machine.ts";
import { recordOn } from "../pages.ts";
import { forget, type Start, Trial, timeOf } from "./trial.ts";
import { type Way, waysToRun } from "./ways.ts";

const usage = `usage: scripts/bench startup [OPTIONS]
Starts the agent again and again, packaged, as one script, and from the source tree, the ways taken in turn, and tells how
long it takes until a server has the first sound, and how much memory it has while it streams. Medians.
  --runs N        of each (9)
  --binary FILE   a packaged program; without it, one is built
  --json          the last line is the result as JSON
  --record        writes the results into docs/performance.md, too`;

/** What was measured of one way; of `node -e 0` the times of a run alone. */
interface Cost {
  readonly way: Way;
  readonly versionMs: number[];
  readonly coldVersionMs: number[];
  readonly warm: Start[];
  readonly cold: Start[];
}

async function measure(runs: number, binary: string | undefined): Promise<readonly Cost[]> {
  const folder = mkdtempSync(join(tmpdir(), "sis-agent-bench-"));
  try {
    const { ways, node } = await waysToRun(folder, binary);
    await using trial = await Trial.open(folder);
    const costs = [...ways, node].map((way): Cost => ({ way, versionMs: [], coldVersionMs: [], warm: [], cold: [] }));
    for (let run = 0; run < runs; run += 1) {
      for (const { way, versionMs, coldVersionMs, warm, cold } of costs) {
        const short = way === node ? way.command : [...way.command, "--version"];
        forget(way);
        coldVersionMs.push(timeOf(short));
        versionMs.push(timeOf(short));
        if (way === node) continue;
        warm.push(await trial.start(way));
        forget(way);
        cold.push(await trial.start(way));
      }
      process.stderr.write(`${run + 1} of ${runs}\n`);
    }
    return costs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Column {
  readonly title: string;
  readonly key: string;
  readonly of: (cost: Cost) => number;
}

const mid = (title: string, key: string, of: (cost: Cost) => readonly number[]): Column => ({
  title,
  key,
  of: (cost) => median(of(cost)),
});

const columns: readonly Column[] = [
  { title: "size, MB", key: "size_mb", of: ({ way }) => way.bytes / 1e6 },
  mid("`--version`, ms", "version_ms", ({ versionMs }) => versionMs),
  mid("cold", "version_cold_ms", ({ coldVersionMs }) => coldVersionMs),
  mid("first sound, ms", "first_audio_ms", ({ warm }) => warm.map(({ firstAudioMs }) => firstAudioMs)),
  mid("cold", "first_audio_cold_ms", ({ cold }) => cold.map(({ firstAudioMs }) => firstAudioMs)),
  mid("READY, ms", "ready_ms", ({ warm }) => warm.map(({ readyMs }) => readyMs)),
  mid("cold", "ready_cold_ms", ({ cold }) => cold.map(({ readyMs }) => readyMs)),
  mid("own memory, MB", "own_mb", ({ warm }) => warm.map(({ ownMb }) => ownMb)),
  mid("resident, MB", "rss_mb", ({ warm }) => warm.map(({ residentMb }) => residentMb)),
];

function page(costs: readonly Cost[]): string {
  const rows = costs.map((cost) => [
    cost.way.name,
    ...columns.map(({ of }) => (Number.isNaN(of(cost)) ? "" : of(cost).toFixed(0))),
  ]);
  return [["", ...columns.map(({ title }) => title)], ["---", ...columns.map(() => "---")], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

function line(costs: readonly Cost[]): string {
  const figure = (value: number) => (Number.isNaN(value) ? null : Math.round(value * 10) / 10);
  const ofOne = (cost: Cost) => Object.fromEntries(columns.map(({ key, of }) => [key, figure(of(cost))]));
  return JSON.stringify(Object.fromEntries(costs.map((cost) => [cost.way.name.replaceAll("`", ""), ofOne(cost)])));
}

function options() {
  const { values } = parseOptions({
    options: {
      help: { type: "boolean", short: "h", default: false },
      runs: { type: "string", default: "9" },
      binary: { type: "string" },
      json: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
    },
  });
  if (values.binary !== undefined && !existsSync(values.binary))
    throw new UsageError(`--binary: there is no file ${values.binary}`);
  return { ...values, runs: wholeNumber("--runs", values.runs, 1, 1000) };
}

await runCommand(usage, async () => {
  const { help, runs, binary, json, record } = options();
  if (help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const machine = machineLine();
  const costs = await measure(runs, binary);
  process.stdout.write(`${page(costs)}\n`);
  if (record) {
    const command = `scripts/bench startup ${process.argv.slice(2).join(" ")}`.trim();
    recordOn(new URL("../../../docs/performance.md", import.meta.url), "startup", { command, machine }, page(costs));
  }
  if (json) process.stdout.write(`${line(costs)}\n`);
  return 0;
});
