import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../system/lab/processes.ts";

const bench = fileURLToPath(import.meta.resolve("../../scripts/benchmark/main.ts"));
const peers = fileURLToPath(import.meta.resolve("../../scripts/benchmark/peers/main.ts"));

async function run(program: string, ...options: string[]) {
  const child = spawn(process.execPath, [program, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
  });
  const [code, output, log] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { code, log, lastLine: output.trimEnd().split("\n").at(-1) ?? "" };
}

test("bench stream measures the agent beside a bare sender; the last line is the result", async () => {
  const { code, log, lastLine } = await run(
    bench,
    "stream",
    "--seconds",
    "2",
    "--warm-up",
    "6",
    "--rounds",
    "1",
    "--json",
  );
  assert.equal(code, 0, log);
  const result: unknown = JSON.parse(lastLine);
  assert.ok(typeof result === "object" && result !== null);
  assert.deepEqual(Object.keys(result), ["cpu_ratio", "rss_ratio", "added_latency_ms", "disk_always_cpu_ratio"]);
  const { added_latency_ms: added, ...ratios } = result as { added_latency_ms: object } & Record<string, unknown>;
  for (const ratio of Object.values(ratios)) assert.ok(Number(ratio) > 0.05 && Number(ratio) < 500, lastLine);
  assert.deepEqual(Object.keys(added), ["p50", "p99"]);
  for (const ms of Object.values(added)) assert.ok(Math.abs(Number(ms)) < 5000, lastLine);
});

test("bench peers lets links do wrong, and counts words; the last line is the result", async () => {
  const options = [
    "--clients",
    "sis-agent,bare-ws",
    "--faults",
    "reset",
    "--quick",
    "--warm-up",
    "5",
    "--seconds",
    "5",
    "--json",
  ];
  const { code, log, lastLine } = await run(peers, ...options);
  assert.equal(code, 0, log);
  const { clients } = JSON.parse(lastLine) as {
    clients: Record<string, { faults: { reset: Record<string, number> } }>;
  };
  assert.deepEqual(Object.keys(clients), ["sis-agent", "bare-ws"]);
  const { "sis-agent": agent, "bare-ws": bare } = clients;
  assert.deepEqual(Object.keys(agent ?? {}), ["cpu_ms_per_s", "rss_mb", "faults"]);
  const { lost, doubled, attempts = 0 } = agent?.faults.reset ?? {};
  assert.deepEqual({ lost, doubled }, { lost: 0, doubled: 0 }, log);
  assert.ok(attempts >= 1 && attempts <= 5, log);
  assert.ok((bare?.faults.reset["lost"] ?? 0) > 0 && bare?.faults.reset["attempts"] === 0, log);
});

test("a bench that is stopped leaves neither processes nor files behind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sis-agent-bench-test-"));
  try {
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, [bench, "stream"], { stdio: "ignore", env });
    const exited = once(child, "exit");
    await eventually(() => running(folder).length === 3, "three senders run", 30_000);
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [1, null]);
    assert.deepEqual(running(folder), []);
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Processes whose command line names `folder`. */
function running(folder: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(folder);
    } catch {
      return false;
    }
  });
}

test("bench says how it is used, and what is wrong with how it was", async () => {
  for (const [options, said] of [
    [["strem"], /benchmarks are called stream, peers/],
    [["stream", "--seconds", "0"], /--seconds: "0" is not a whole number from 1 to 3600/],
    [["stream", "--bogus"], /--bogus/],
  ] as const) {
    const { code, log } = await run(bench, ...options);
    assert.equal(code, 2);
    assert.match(log, said);
    assert.match(log, /usage: scripts\/bench stream/);
  }
  for (const [options, said] of [
    [["--clients", "sis-agent,nobody"], /--clients: "nobody" is none of sis-agent, bare-ws,/],
    [["--faults", "rest"], /--faults: "rest" is none of none, reset,/],
    [["--seconds", "x"], /--seconds: "x" is not a whole number from 1 to 3600/],
  ] as const) {
    const { code, log } = await run(peers, ...options);
    assert.equal(code, 2);
    assert.match(log, said);
    assert.match(log, /usage: scripts\/bench peers/);
  }
});
