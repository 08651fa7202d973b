import assert from "node:assert/strict";
import { test } from "node:test";
import { statusText } from "../../src/host/status-text.ts";

const well = {
  phase: "streaming",
  reason: "the service recognises",
  alarms: new Map<string, string>(),
  backlogMs: 300,
};

test("all is well: the phase alone", () => {
  assert.equal(statusText(well), "streaming");
});

test("what is wrong is said in one line: why, how much sound waits, which alarms", () => {
  const alarms = new Map([
    ["service", "major"],
    ["broker", "minor"],
  ]);
  assert.equal(
    statusText({ phase: "backing-off", reason: "HTTP 503\nfrom far", alarms, backlogMs: 41_400 }),
    "backing-off: HTTP 503 from far; 41 s of sound wait; alarms: service (major), broker (minor)",
  );
  assert.equal(statusText({ ...well, alarms: new Map([["broker", "minor"]]) }), "streaming; alarm: broker (minor)");
});

test("the line is bounded", () => {
  const alarms = new Map(Array.from({ length: 100 }, (_, index) => [`alarm-${index}`, "critical"]));
  assert.ok(statusText({ ...well, phase: "held", reason: "x".repeat(10_000), alarms }).length <= 401);
});
