import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hostArch } from "../../scripts/build/arch.ts";
import { missingFor } from "./lab/binary.ts";

const bench = join(import.meta.dirname, "../../scripts/benchmark/startup/main.ts");

test("bench startup times the packaged program beside Node, and leaves nothing behind", {
  skip: missingFor(hostArch()),
  timeout: 300_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "startup-test-"));
  try {
    const env = { ...process.env, TMPDIR: folder };
    const { stdout, stderr, status } = spawnSync(process.execPath, [bench, "--runs", "1", "--json"], {
      encoding: "utf8",
      env,
    });
    assert.equal(status, 0, stderr);
    const result = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Record<
      string,
      Record<string, number | null>
    >;
    assert.deepEqual(Object.keys(result), ["the binary", "node bundle.cjs", "node src/main.ts", "node -e 0"]);
    const nothingMs = result["node -e 0"]?.["version_ms"] ?? Number.NaN;
    for (const [way, costs] of Object.entries(result)) {
      if (way === "node -e 0") continue;
      const of = (key: string) => costs[key] ?? Number.NaN;
      assert.ok(of("version_ms") > nothingMs, stdout);
      assert.ok(of("first_audio_ms") > 100, "the first message holds 100 ms of sound");
      assert.ok(of("ready_ms") > 250 && of("ready_cold_ms") > 250, stdout);
      assert.ok(of("rss_mb") > of("own_mb") && of("own_mb") > 20, stdout);
    }
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
