import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type SelfTestSubject, selfTest } from "../../src/agent/self-test.ts";

test("each thing that is wrong is found, and nothing is left behind", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "self-test-"));
  const host = { temperatureC: 50, slowed: false, underVoltage: false, hot: false, diskFreeBytes: 1 };
  const well: SelfTestSubject = {
    stateDir,
    silenced: false,
    silentForMs: 100,
    recognition: "streaming",
    clockAheadMs: 500,
    host,
    alarms: [],
  };
  assert.equal((await selfTest(well)).ok, true);
  assert.equal((await selfTest({ ...well, silenced: true, silentForMs: null })).ok, true);
  const cases: readonly (readonly [string, Partial<SelfTestSubject>])[] = [
    ["sound", { silentForMs: 5_000 }],
    ["sound", { silentForMs: null }],
    ["recognition", { recognition: "held" }],
    ["clock", { clockAheadMs: -60_000 }],
    ["disk", { stateDir: join(stateDir, "nowhere") }],
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
