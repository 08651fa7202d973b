import assert from "node:assert/strict";
import { test } from "node:test";
import { fleetTable } from "../../src/console/table.ts";
import { type Glance, rowsOf } from "../../src/console/wire.ts";
import { alarmOf, at, newModel, startMs, stateOf, storm } from "./samples.ts";

function tableOf(model: ReturnType<typeof newModel>["model"], lines = 24, columns = 100, more: Partial<Glance> = {}) {
  const broker = { connected: true, complete: true, trouble: "" };
  const glance = { ...model.overview(), broker, mostDevices: 10, allowCommands: false, nowMs: startMs, ...more };
  return fleetTable(glance, rowsOf(model), lines, columns);
}

test("the worst first, and never more than the terminal holds", () => {
  const { model, say } = newModel();
  storm(say, 100);
  say("d50", "alarm/account", alarmOf({ severity: "critical", code: "SIS.0204" }));
  model.tick(at(startMs));
  const table = tableOf(model, 12, 70);
  assert.match(table[0] ?? "", /^100 devices: backing-off 100 · alarms: service 100, account 1$/);
  assert.equal(table[1], "! service region problem: 100 devices, SIS.0303");
  assert.match(table[3] ?? "", /^d50 +backing-off +critical/);
  assert.equal(table.length, 12);
  assert.match(table.at(-1) ?? "", /^… and 92 more$/);
  for (const line of table) assert.ok(line.length <= 70, line);
});

test("what a device says cannot drive the terminal", () => {
  const { model, say } = newModel();
  say("a", "state", stateOf("streaming"));
  say("a", "alarm/service", alarmOf({ code: "\u001b[2J\u0007x" }));
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  for (const line of tableOf(model)) assert.doesNotMatch(line, /[\u0000-\u001f]/);
});

test("no broker, and too many devices, are said", () => {
  const { model, say } = newModel(1);
  for (const device of ["a", "b"]) say(device, "state", stateOf("streaming"));
  const [head] = tableOf(model, 24, 200, { broker: { connected: false, complete: false, trouble: "refused" } });
  assert.match(head ?? "", /more than 10: the rest is not shown/);
  assert.match(head ?? "", /NO BROKER: refused/);
});
