import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keptFile } from "../../src/fleet/kept-file.ts";
import { ManualClock } from "../lab/manual-clock.ts";

test("whoever flushes waits for what was saved before, also where another does the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kept-"));
  const path = join(folder, "kept.json");
  const file = keptFile(path, new ManualClock(), () => {});
  file.save("first");
  const first = file.flush();
  file.save("second");
  const others = [1, 2, 3].map(async () => {
    await file.flush();
    return readFileSync(path, "utf8");
  });
  assert.deepEqual(await Promise.all(others), ["second", "second", "second"]);
  await first;
  file.close();
  rmSync(folder, { recursive: true });
});
