/**
 * scripts/bench-binary.ts [BINARY]: what the packaged program costs, beside the same program on the same Node. One run on
 * one machine, the ways taken in turn, medians. Prints a table in Markdown. Without BINARY, builds one.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { wavHeader } from "../src/audio/wav.ts";
import { numberSound, plainNumbers } from "../src/simulator/numbers.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { hostArch } from "./build/arch.ts";
import { buildBinary, root } from "./build/binary.ts";
import { bundle } from "./build/bundle.ts";

const rounds = 9;
const streamMs = 8000;

interface Way {
  readonly name: string;
  readonly command: readonly [file: string, ...args: string[]];
  readonly bytes: number;
}

interface Cost {
  readonly versionMs: number;
  readonly streamingMs: number;
  /** Anonymous memory: what no other process can share, and what cannot be dropped. */
  readonly ownMb: number;
  /** With the pages of files, which the system maps as it sees fit. */
  readonly residentMb: number;
}

const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-bench-"));
await using service = await startSimulator();
try {
  const script = path.join(folder, "bundle.cjs");
  const { code } = await bundle({ root, entry: path.join(root, "src/main.ts"), arch: hostArch(), commit: "bench" });
  writeFileSync(script, code);
  const binary = process.argv[2] ?? (await buildBinary({ arch: hostArch(), out: folder, say: () => {} }));
  const nodeBytes = statSync(process.execPath).size;
  const ways: readonly Way[] = [
    { name: "the binary", command: [path.resolve(binary)], bytes: statSync(binary).size },
    { name: "`node bundle.cjs`", command: [process.execPath, script], bytes: nodeBytes + statSync(script).size },
    { name: "`node src/main.ts`", command: [process.execPath, path.join(root, "src/main.ts")], bytes: nodeBytes },
  ];
  const config = configuration(folder, service.url);
  const costs = new Map<string, Cost[]>(ways.map(({ name }) => [name, []]));
  const idle: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    idle.push(timeOf([process.execPath, "-e", "0"]));
    for (const { name, command } of ways) {
      const versionMs = timeOf([...command, "--version"]);
      costs.get(name)?.push({ versionMs, ...(await streaming([...command, "run", "--config", config])) });
    }
  }
  tell(ways, costs, median(idle));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function configuration(where: string, url: string): string {
  const samples = numberSound(20, plainNumbers(16_000));
  const wav = path.join(where, "sound.wav");
  const header = wavHeader({ encoding: "s16", channels: 1, sampleRate: 16_000 }, samples.byteLength);
  writeFileSync(wav, Buffer.concat([header, Buffer.from(samples.buffer)]));
  const file = path.join(where, "agent.toml");
  writeFileSync(
    file,
    `state_dir = "${where}"\n[sis]\nendpoint = "${url}"\nproject_id = "p"\n[audio]\nsource = "file"\npath = "${wav}"\nloop = true\n`,
  );
  return file;
}

function timeOf([file = "", ...args]: readonly string[]): number {
  const beganMs = performance.now();
  spawnSync(file, args, { stdio: "ignore" });
  return performance.now() - beganMs;
}

/** The time from the start until a session streams, and the resident memory some seconds later. */
async function streaming([file = "", ...args]: readonly string[]): Promise<Omit<Cost, "versionMs">> {
  const beganMs = performance.now();
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  try {
    await said(child, "recognition: streaming");
    const streamingMs = performance.now() - beganMs;
    await setTimeout(streamMs);
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1]) / 1000;
    return { streamingMs, ownMb: megabytes("RssAnon"), residentMb: megabytes("VmRSS") };
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

async function said(child: ChildProcess, words: string): Promise<void> {
  let log = "";
  for await (const chunk of child.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    log += String(chunk);
    if (log.includes(words)) return;
  }
  throw new Error(`it ended early:\n${log}`);
}

function tell(ways: readonly Way[], costs: ReadonlyMap<string, readonly Cost[]>, idleMs: number): void {
  const of = (way: Way, what: keyof Cost) => median((costs.get(way.name) ?? []).map((cost) => cost[what]));
  const last = ways.at(-1);
  if (last === undefined) return;
  const cell = (value: number, base: number, digits: number) =>
    `${value.toFixed(digits)} (${(value / base).toFixed(2)})`;
  const rows = ways.map((way) => [
    way.name,
    cell(way.bytes / 1e6, last.bytes / 1e6, 1),
    cell(of(way, "versionMs"), of(last, "versionMs"), 0),
    cell(of(way, "streamingMs"), of(last, "streamingMs"), 0),
    cell(of(way, "ownMb"), of(last, "ownMb"), 1),
    cell(of(way, "residentMb"), of(last, "residentMb"), 1),
  ]);
  rows.push(["`node -e 0`", "", cell(idleMs, of(last, "versionMs"), 0), "", "", ""]);
  const head = [
    "",
    "size, MB",
    "`--version`, ms",
    "start to streaming, ms",
    "own memory while streaming, MB",
    "resident, MB",
  ];
  for (const row of [head, head.map(() => "---"), ...rows]) process.stdout.write(`| ${row.join(" | ")} |\n`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
