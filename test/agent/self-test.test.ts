import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { diskTrial, type SelfTestSubject, selfTest } from "../../src/agent/self-test.ts";
import { atMost, systemClock } from "../../src/base/clock.ts";
import { hangingFile } from "../lab/hanging-file.ts";
import { ManualClock } from "../lab/manual-clock.ts";

test("each thing that is wrong is found, and nothing is left behind", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "self-test-"));
  const host = { temperatureC: 50, slowed: false, underVoltage: false, hot: false, diskFreeBytes: 1 };
  const well: SelfTestSubject = {
    disk: diskTrial(stateDir, systemClock),
    silenced: false,
    silentForMs: 100,
    recognition: "streaming",
    clockAheadMs: 500,
    host,
    alarms: [],
  };
  assert.equal((await selfTest(well)).ok, true);
  assert.equal((await selfTest({ ...well, silenced: true, silentForMs: Number.POSITIVE_INFINITY })).ok, true);
  const cases: readonly (readonly [string, Partial<SelfTestSubject>])[] = [
    ["sound", { silentForMs: 5_000 }],
    ["sound", { silentForMs: Number.POSITIVE_INFINITY }],
    ["recognition", { recognition: "held" }],
    ["clock", { clockAheadMs: -60_000 }],
    ["disk", { disk: diskTrial(join(stateDir, "nowhere"), systemClock) }],
    ["board", { host: { ...host, hot: true } }],
    ["board", { host: { ...host, underVoltage: true } }],
    ["alarms", { alarms: ["disk"] }],
  ];
  for (const [name, change] of cases) {
    const { ok, checks } = await selfTest({ ...well, ...change });
    assert.equal(ok, false, name);
    const wrong = Object.entries(checks).filter(([, check]) => !check.ok);
    assert.deepEqual(
      wrong.map(([check]) => check),
      [name],
    );
    assert.notEqual(wrong[0]?.[1].detail, "");
  }
  assert.deepEqual(readdirSync(stateDir), []);
  rmSync(stateDir, { recursive: true });
});

test("a disk that hangs is found within two seconds, and takes one thread however often it is asked", async () => {
  const folder = mkdtempSync(join(tmpdir(), "self-test-"));
  const clock = new ManualClock();
  const disk = diskTrial(folder, clock);
  {
    using _hanging = hangingFile(join(folder, ".self-test"));
    for (let n = 0; n < 12; n += 1) {
      const asked = disk();
      clock.advance(2_000);
      const { ok, detail } = await asked;
      assert.equal(ok, false);
      assert.match(detail, /does not answer.*Check or replace/);
    }
    assert.notEqual(await atMost(systemClock, 10_000, lookup("localhost")), null, "names can be looked up");
    assert.equal(clock.pending, 0);
  }
  await disk(); // may be the one that was stuck
  assert.deepEqual(await disk(), { ok: true, detail: "can be written" });
  rmSync(folder, { recursive: true });
});
