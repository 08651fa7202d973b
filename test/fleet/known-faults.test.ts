import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { operationsPage } from "../../scripts/generate-operations.ts";
import { alarmPolicy } from "../../src/fleet/alarm-machine.ts";
import { type KnownFault, knownFaults } from "../../src/fleet/known-faults.ts";
import { alarmTypes } from "../../src/fleet/schema.ts";

const faults: readonly (readonly [string, KnownFault])[] = Object.entries(knownFaults);

test("the tables of docs/operations.md are those of the faults (node scripts/generate-operations.ts writes them)", () => {
  const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  assert.equal(page, operationsPage(page));
});

test("every type of alarm has a fault that leads to it, and every fault says what to do", () => {
  assert.deepEqual(new Set(faults.map(([, { alarm }]) => alarm)), new Set(alarmTypes));
  for (const [id, { hint, fault, code, cleared }] of faults) {
    for (const words of [hint, fault, code, cleared]) assert.notEqual(words, "", id);
    assert.ok(hint.length <= 500 && code.length <= 64, id);
  }
});

test("a fault's severity is its type's, but for a supply voltage that ruins the card", () => {
  const others = faults.filter(([, { alarm, severity }]) => alarmPolicy[alarm].severity !== severity);
  assert.deepEqual(
    others.map(([id]) => id),
    ["under-voltage"],
  );
});
