import assert from "node:assert/strict";
import { test } from "node:test";
import type { FleetMessage } from "../../src/fleet/fleet.ts";
import type { AlarmPayload, DevicePhase, Severity } from "../../src/fleet/schema.ts";
import { type Display, darkDisplay, displayAfter, lampsOf, selfTestText, textOf } from "../../src/panel/display.ts";

const ts = "2026-01-01T00:00:00.000Z";
const state = (phase: DevicePhase, reason = ""): FleetMessage => ({
  topic: "sis/v1/f/d/up/state",
  payload: { v: 1, ts, online: true, phase, boot: "b", session: "s", since: ts, reason },
});
const alarm = (type: string, severity: Severity, status: AlarmPayload["status"] = "active"): FleetMessage => ({
  topic: `sis/v1/f/d/up/alarm/${type}`,
  payload: {
    v: 1,
    ts,
    id: "1",
    status,
    severity,
    class: type,
    code: "X",
    message: `${type} is ill`,
    trace_id: null,
    first: ts,
    last: ts,
    count: 1,
    flapping: false,
    hint: "",
  },
});
const after = (...messages: readonly FleetMessage[]): Display => messages.reduce(displayAfter, darkDisplay);

test("the phase, and the reason where it is no good one", () => {
  assert.deepEqual(lampsOf(after(state("streaming", "streaming"))), { phase: "streaming", severity: 0, level: 0 });
  assert.equal(textOf(after(state("streaming", "speech"))), "streaming");
  assert.equal(textOf(after(state("held", "the account owes money"))), "held: the account owes money");
});

test("the worst alarm is shown, until it is cleared; then the next", () => {
  const two = after(
    state("streaming"),
    alarm("clock", "major"),
    alarm("capture", "critical"),
    alarm("disk", "warning"),
  );
  assert.equal(lampsOf(two).severity, 4);
  assert.equal(textOf(two), "capture is ill");
  const one = displayAfter(two, alarm("capture", "critical", "cleared"));
  assert.deepEqual([lampsOf(one).severity, textOf(one)], [3, "clock is ill"]);
});

test("muted is said whatever else is wrong, and shows no level", () => {
  const muted = { ...after(alarm("clock", "major"), state("muted")), levelDbfs: -3 };
  assert.equal(textOf(muted), "muted");
  assert.equal(textOf({ ...muted, reason: "stopped by the fleet" }), "muted: stopped by the fleet");
  assert.deepEqual(lampsOf(muted), { phase: "muted", severity: 3, level: 0 });
});

for (const [levelDbfs, level] of [
  [null, 0],
  [-100, 0],
  [-60, 0],
  [-54, 1],
  [-30, 5],
  [-6, 9],
  [0, 9],
] as const) {
  test(`${levelDbfs} dBFS: ${level} bars`, () => assert.equal(lampsOf({ ...darkDisplay, levelDbfs }).level, level));
}

test("a self-test tells alarms, sound and phase on sixteen characters, as a rule", () => {
  assert.equal(selfTestText({ ...after(state("listening")), levelDbfs: -42.4 }), "ok -42dB listening");
  assert.equal(selfTestText(after(state("held"), alarm("a", "minor"))), "1 alarm no sound held");
});
