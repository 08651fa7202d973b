import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { assertOwner, levelProblem, upTopic } from "../../src/fleet/topics.ts";

test("a topic has the version first, then fleet, device, direction", () => {
  assert.equal(
    upTopic({ fleet: "default", device: "kiosk-17" }, "alarm/audio-loss"),
    "sis/v1/default/kiosk-17/up/alarm/audio-loss",
  );
});

test("names that can be a level of a topic", () => {
  for (const name of ["kiosk-17", "a", "会议室 3", "a.b_c:d", "x".repeat(64), "a$b", "...", ".a", "..a"])
    assert.equal(levelProblem(name), null, name);
});

test("names that cannot", () => {
  const names = [
    "",
    "a/b",
    "+",
    "a#",
    "a\u0000b",
    "tab\t",
    "line\n",
    "\u007f",
    "x".repeat(65),
    "$SYS",
    "\ud800",
    ".",
    "..",
  ];
  for (const name of names) assert.notEqual(levelProblem(name), null, JSON.stringify(name));
});

test("a bad owner is a fault of the configuration that names the setting", () => {
  assert.throws(
    () => assertOwner({ fleet: "a/b", device: "d" }),
    (error) => error instanceof Fault && error.code === "config-invalid" && error.message.includes("fleet"),
  );
  assert.throws(() => assertOwner({ fleet: "f", device: "#" }), /device_id/);
});
