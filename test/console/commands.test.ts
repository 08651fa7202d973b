import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf } from "../../src/console/commands.ts";

const nowMs = Date.UTC(2026, 0, 1);

test("a command expires a minute after it was given", () => {
  const { name, payload } = commandOf({ name: "say", args: { text: " hello " } }, nowMs);
  assert.deepEqual(
    [name, JSON.parse(payload)],
    ["say", { v: 1, ts: "2026-01-01T00:00:00.000Z", args: { text: "hello" }, not_after: "2026-01-01T00:01:00.000Z" }],
  );
});

for (const asked of [
  null,
  [],
  "mute",
  {},
  { name: "shell", args: { run: "rm" } },
  { name: "__proto__" },
  { name: "mute", args: { now: true } },
  { name: "mute", id: "mine" },
  { name: "say", args: {} },
  { name: "say", args: { text: "x".repeat(501) } },
  { name: "log-level", args: { level: "loud" } },
]) {
  test(`${JSON.stringify(asked).slice(0, 60)} is no command`, () => {
    assert.throws(() => commandOf(asked, nowMs), { code: "config-invalid" });
  });
}
