import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../../src/base/clock.ts";
import { Fault } from "../../../src/base/fault.ts";
import { allChecks, totalMs } from "../../../src/cli/doctor/all-checks.ts";
import { type Check, examine } from "../../../src/cli/doctor/examine.ts";
import { type CheckResult, fail, ok, skip } from "../../../src/cli/doctor/finding.ts";
import type { Patient } from "../../../src/cli/doctor/patient.ts";
import { loadConfiguration } from "../../../src/config/load.ts";

async function patient(): Promise<Patient> {
  const folder = await mkdtemp(join(tmpdir(), "patient-"));
  try {
    const file = join(folder, "agent.toml");
    await writeFile(file, 'device_id = "d"\n[sis]\nendpoint = "ws://127.0.0.1:9"\nproject_id = "p"\n');
    return { configuration: await loadConfiguration(file, {}), clock: systemClock, agentPid: null };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const check = (name: string, look: Check["look"], deadlineMs = 5000): Check => ({
  name,
  deadlineMs,
  mendIfLate: `mend ${name}`,
  look,
});
const forever = () => new Promise<never>(() => {});

async function lookAt(lanes: readonly (readonly Check[])[], total = 5000) {
  const results: CheckResult[] = [];
  const startMs = performance.now();
  await examine(lanes, await patient(), (result) => void results.push(result), total);
  return {
    lines: results.map(({ check: name, status }) => `${name} ${status}`),
    results,
    tookMs: performance.now() - startMs,
  };
}

test("what builds on a failure is skipped, what does not is looked at; the order is kept", async () => {
  const { lines } = await lookAt([
    [check("a", async () => ok(""))],
    [check("b", async () => fail("", "")), check("c", async () => ok("")), check("d", async () => ok(""))],
    [check("e", async () => skip("nothing there")), check("f", async () => ok(""))],
  ]);
  assert.deepEqual(lines, ["a ok", "b fail", "c skip", "d skip", "e skip", "f ok"]);
});

test("what hangs is given up at its deadline, cancelled, and said how to be mended", async () => {
  const aborted = Promise.withResolvers<void>();
  const hanging = check(
    "hang",
    (_patient, signal) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return forever();
    },
    50,
  );
  const { results } = await lookAt([[hanging], [check("well", async () => ok(""))]]);
  assert.deepEqual(results[0], { check: "hang", status: "fail", says: "no answer within 0 s", mend: "mend hang" });
  assert.equal(results[1]?.status, "ok");
  await aborted.promise;
});

test("everything hangs: all is over in time, one line each", async () => {
  const lanes = allChecks.map((lane) => lane.map(({ name }) => check(name, forever, 60_000)));
  const { lines, tookMs } = await lookAt(lanes, 200);
  assert.equal(lines.length, allChecks.flat().length);
  assert.ok(tookMs < 5000, `${tookMs} ms`);
  assert.ok(lines.every((line) => /fail|skip/.test(line)));
});

test("what a check throws is a finding", async () => {
  const { results } = await lookAt([
    [check("a", () => Promise.reject(new Fault("internal", "broken", { hint: "mend it" })))],
  ]);
  assert.deepEqual(results, [{ check: "a", status: "fail", says: "broken", mend: "mend it" }]);
});

test("the deadlines fit into half a minute", () => {
  for (const lane of allChecks) {
    const sumMs = lane.reduce((sum, { deadlineMs }) => sum + deadlineMs, 0);
    assert.ok(sumMs <= totalMs, `${lane.map(({ name }) => name).join(", ")}: ${sumMs} ms`);
  }
  assert.ok(totalMs <= 28_000);
});
