import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ReadCommand, readCommand } from "../../src/fleet/commands.ts";

const nowMs = Date.UTC(2026, 0, 1);
const soon = new Date(nowMs + 60_000).toISOString();
const good = { v: 1, ts: new Date(nowMs).toISOString(), args: {}, not_after: soon };

function read(topic: string, payload: unknown = good, retained = false): ReadCommand {
  const bytes = Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
  return readCommand(topic.split("/"), bytes, retained, nowMs);
}

const why = (found: ReadCommand) => ("why" in found ? found.why : "");

test("a command with its arguments, its id and its end", () => {
  assert.deepEqual(read("say/7", { ...good, args: { text: " hello " }, later: 1 }), {
    is: "command",
    command: { name: "say", args: { text: "hello", priority: 5 } },
    id: "7",
    notAfterMs: nowMs + 60_000,
  });
  assert.equal(read("restart-session/a.b-c_D").is, "command");
});

const refused: Readonly<Record<string, readonly [found: ReadCommand, why: RegExp]>> = {
  "a retained one": [read("mute/1", good, true), /retained/],
  "one that is not on the list": [read("reboot/1"), /no such command.*restart-session/],
  "a shell": [read("exec/1", { ...good, args: { cmd: "rm -rf /" } }), /no such command/],
  "one that came too late": [read("mute/1", { ...good, not_after: new Date(nowMs - 1).toISOString() }), /too late/],
  "one that is to live too long": [
    read("mute/1", { ...good, not_after: new Date(nowMs + 86_400_001).toISOString() }),
    /a day ahead by this device's clock/,
  ],
  "one without an end": [read("mute/1", { ...good, not_after: undefined }), /not_after/],
  "one with arguments it does not take": [
    read("mute/1", { ...good, args: { force: true } }),
    /args: mute takes no such argument/,
  ],
  "one without the argument it needs": [read("say/1"), /args: text/],
  "a text that is too long": [read("say/1", { ...good, args: { text: "x".repeat(2_001) } }), /args: text/],
  "a level that there is not": [read("log-level/1", { ...good, args: { level: "trace" } }), /args: level/],
  "no JSON": [read("mute/1", "mute!"), /JSON object/],
  "a list": [read("mute/1", "[]"), /JSON object/],
};
for (const [name, [found, words]] of Object.entries(refused)) {
  test(`refused with a reason: ${name}`, () => {
    assert.equal(found.is, "refused");
    assert.match(why(found), words);
  });
}

test("a command that is cleared at the broker is no command, and is not answered", () => {
  for (const retained of [true, false])
    for (const topic of ["mute/1", "reboot/1", "mute"]) assert.deepEqual(read(topic, "", retained), { is: "nothing" });
});

test("a time may have parts of a second or not; what is no time is told what one looks like", () => {
  for (const not_after of ["2026-01-01T00:01:00Z", "2026-01-01T00:01:00.5Z", "2026-01-01T00:01:00.123456Z"]) {
    const found = read("mute/1", { ...good, ts: "2026-01-01T00:00:00Z", not_after });
    assert.ok(found.is === "command");
    assert.equal(found.notAfterMs, Date.parse(not_after));
  }
  const wanted = "not a time in UTC such as 2026-03-01T08:00:00Z";
  for (const time of ["soon", "2026-01-01 00:01:00", "2026-01-01T00:01:00+02:00", 1_767_225_660]) {
    assert.equal(why(read("mute/1", { ...good, not_after: time })), `not_after: ${wanted}`);
    assert.equal(why(read("mute/1", { ...good, ts: time })), `ts: ${wanted}`);
  }
});

test("one that was too large to be taken is refused with a reason", () => {
  const found = readCommand(["say", "1"], null, false, nowMs);
  assert.deepEqual(found, {
    is: "refused",
    name: "say",
    id: "1",
    why: "it is larger than the 64 KiB that a device takes",
  });
  assert.equal(readCommand(["say", "a b"], null, false, nowMs).is, "unreadable");
  assert.match(why(readCommand(["say", "1"], null, true, nowMs)), /retained/);
});

test("a topic that is none of a command has nobody to answer", () => {
  for (const topic of ["mute", "mute/", "/1", "mute/1/2", "MUTE/1", "mute/a b", `mute/${"i".repeat(65)}`, "mute/a+b"])
    assert.equal(read(topic).is, "unreadable", topic);
});

test("whatever comes, reading never fails, and what is refused says why in a line", () => {
  const payload = fc.oneof(fc.string(), fc.json(), fc.record({ ...fcGood }, { requiredKeys: [] }));
  fc.assert(
    fc.property(fc.constantFrom("mute", "say", "log-level", "x"), payload, fc.boolean(), (name, text, retained) => {
      const found = read(`${name}/1`, text, retained);
      assert.ok(why(found).length <= 201);
      assert.ok(!why(found).includes("\n"));
    }),
  );
});

const fcGood = {
  v: fc.constantFrom(1, 2),
  ts: fc.constantFrom(good.ts, "yesterday"),
  args: fc.oneof(fc.constant({}), fc.dictionary(fc.string(), fc.string())),
  not_after: fc.constantFrom(soon, "soon", good.ts),
};
