import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, processesWith } from "./lab/processes.ts";

const bench = join(import.meta.dirname, "../../scripts/benchmark/soak/main.ts");

test("a soak counts words, sessions and faults, looks into the agent's process, and leaves nothing behind", {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "soak-test-"));
  try {
    const words = ["--hours", "0.025", "--agents", "2", "--accelerated", "--json"];
    const env = { ...process.env, TMPDIR: folder };
    const { stdout, stderr } = spawnSync(process.execPath, [bench, ...words], { encoding: "utf8", env });
    const result: unknown = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
    assert.ok(typeof result === "object" && result !== null, stderr);
    const {
      lost,
      doubled,
      faults,
      sessions,
      words: said,
      trends,
      per_second_of_sound: second,
    } = result as {
      [name: string]: number;
    } & {
      trends: Record<string, { first: number; last: number }>;
      per_second_of_sound: Record<string, number>;
    };
    assert.deepEqual([lost, doubled], [0, 0], stderr);
    assert.ok(Number(faults) >= 4 && Number(sessions) > Number(faults) / 2 && Number(said) > 100, stdout);
    // So short a run is all start: whether it is flat is not asked.
    for (const { first, last } of Object.values(trends)) assert.ok(first >= 0 && last >= 0, stdout);
    assert.ok((trends["resident memory, MB"]?.first ?? 0) > 50, stdout);
    assert.ok((second["events"] ?? 0) > 5 && (second["allocated_bytes"] ?? 0) > 10_000, stdout);
    await eventually(() => processesWith(folder).length === 0, "all processes are gone");
  } finally {
    for (const left of readdirSync(folder)) assert.match(left, /^soak-/);
    rmSync(folder, { recursive: true });
  }
});
