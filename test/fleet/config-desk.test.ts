import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type ConfigHost, openConfigDesk } from "../../src/fleet/config-desk.ts";
import { loadRemoteConfig, noRemoteConfig, type RemoteConfig } from "../../src/fleet/remote-config-file.ts";
import type { RemoteSettings } from "../../src/fleet/schema-down.ts";
import { hangingFile } from "../lab/hanging-file.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { eventually } from "../system/lab/processes.ts";
import { errorOf, sessionOf } from "./samples.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

function startLab(host: Partial<ConfigHost> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  const file = join(folder, "remote-config.json");
  const clock = new ManualClock();
  const applied: RemoteSettings[] = [];
  const told: RemoteConfig[] = [];
  const open = (initial: RemoteConfig = noRemoteConfig) =>
    openConfigDesk({
      host: {
        check: (settings) => ("bad" in settings ? [{ key: "bad", message: "is not allowed" }] : []),
        apply(settings) {
          applied.push(settings);
          return Promise.resolve({ onTrial: true });
        },
        ...host,
      },
      initial,
      file,
      clock,
      logger,
      onDisk() {},
      changed: (config) => told.push(config),
    });
  const payload = (settings: object, ts = "2026-01-01T00:00:00.000Z") =>
    Buffer.from(JSON.stringify({ v: 1, ts, settings }));
  return {
    file,
    clock,
    applied,
    told,
    open,
    payload,
    load: () => loadRemoteConfig(file, logger),
    statuses: () => told.map(({ status }) => status),
    appliedTimes: (count: number) => eventually(() => applied.length === count, `applied ${count} times`),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

const tail = { "sis.vad_tail": 300 };

test("settings that a session runs on are kept, over a restart too", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(lab.payload(tail));
  await lab.appliedTimes(1);
  assert.deepEqual(lab.load().status, "rolled-back", "a crash now would be a way back");
  assert.deepEqual(lab.load().settings, {});
  desk.report(sessionOf("started"));
  lab.clock.advance(5_000);
  assert.deepEqual(lab.statuses(), ["trying", "applied"]);
  assert.deepEqual(desk.now().settings, tail);
  await desk.close();
  assert.deepEqual([lab.load().status, lab.load().settings], ["applied", tail]);
  assert.equal(lab.clock.pending, 0);
});

test("what is wrong is refused whole, with what is wrong, and nothing changes", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(lab.payload({ ...tail, bad: 1 }));
  desk.receive(Buffer.from("no JSON"));
  desk.receive(Buffer.from('{"v":1,"ts":"2026-01-01T00:00:00.000Z","settings":{"a":{}}}'));
  assert.deepEqual(lab.applied, []);
  assert.deepEqual(lab.statuses(), ["refused", "refused", "refused"]);
  assert.deepEqual(lab.told[0]?.errors, [{ key: "bad", message: "is not allowed" }]);
  assert.match(lab.told[1]?.errors[0]?.message ?? "", /JSON/);
  const allowed = "allowed: a text of at most 1000 characters, a number, true or false";
  assert.deepEqual(lab.told[2]?.errors, [{ key: "a", message: `found something else; ${allowed}` }]);
  await desk.close();
});

test("settings that are not of their shape are told each by its key, and a message that is none is told as that", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(lab.payload({ a: null, b: "x".repeat(1_001), "": [], ["k".repeat(129)]: 1 }));
  assert.deepEqual(
    desk.now().errors.map(({ key, message }) => [key, message.replace(/ .*; allowed.*/, "")]),
    [
      ["a", "found"],
      ["b", "found"],
      ['""', "found"],
      [`${"k".repeat(127)}…`, "is"],
    ],
  );
  desk.receive(lab.payload({ a: null, bad: null }));
  assert.deepEqual(
    desk.now().errors.map(({ key, message }) => [key, message.replace(/found .*/, "found")]),
    [
      ["bad", "is not allowed"],
      ["a", "found"],
    ],
    "in the words of who knows the setting, where anybody does",
  );
  desk.receive(Buffer.from("[]"));
  assert.deepEqual(desk.now().errors, [{ key: null, message: "it is not an object with v, ts and settings" }]);
  assert.deepEqual(lab.applied, []);
  await desk.close();
});

test("a key that JavaScript gives a meaning is refused by its name, like any that is none of a setting", async () => {
  using lab = startLab();
  const desk = lab.open();
  for (const settings of [
    '{"__proto__":1}',
    '{"__proto__":{"sis.vad_tail":300}}',
    '{"sis.vad_tail":300,"__proto__":1}',
  ]) {
    desk.receive(Buffer.from(`{"v":1,"ts":"2026-01-01T00:00:00.000Z","settings":${settings}}`));
    assert.equal(desk.now().status, "refused", settings);
    assert.deepEqual(desk.now().errors, [{ key: null, message: "__proto__ is not a setting" }]);
  }
  assert.deepEqual(lab.applied, []);
  await desk.close();
});

test("what the service objects to is taken back at once, and why is told", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(lab.payload(tail));
  await lab.appliedTimes(1);
  desk.report(errorOf({ class: "config", code: "SIS.0201", message: "no such table" }));
  await lab.appliedTimes(2);
  await eventually(() => desk.now().status === "rolled-back", "told");
  assert.deepEqual(lab.applied[1], {});
  assert.deepEqual(desk.now().errors, [{ key: null, message: "SIS.0201: no such table" }]);
  // The broker gives it again with each connection: judged is judged. With another ts it is tried anew.
  desk.receive(lab.payload(tail));
  assert.equal(lab.applied.length, 2);
  desk.receive(lab.payload(tail, "2026-01-02T00:00:00.000Z"));
  await lab.appliedTimes(3);
  await desk.close();
});

test("an ordinary stop is no verdict on settings that are on trial: they are tried afresh", async () => {
  for (const proving of [false, true]) {
    using lab = startLab();
    const desk = lab.open();
    desk.receive(lab.payload(tail));
    await lab.appliedTimes(1);
    if (proving) desk.report(sessionOf("started"));
    await desk.close();
    assert.deepEqual(lab.load(), noRemoteConfig);
    const again = lab.open(lab.load());
    again.receive(lab.payload(tail));
    await lab.appliedTimes(2);
    await again.close();
  }
});

test("no session within a minute, and an error: taken back; no error, since nobody spoke: kept", async () => {
  for (const trouble of [true, false]) {
    using lab = startLab();
    const desk = lab.open();
    desk.receive(lab.payload(tail));
    await lab.appliedTimes(1);
    // A session that breaks at once proves nothing.
    if (trouble) {
      desk.report(sessionOf("started"));
      lab.clock.advance(4_000);
      desk.report(errorOf({ class: "network", code: "link-lost" }));
    }
    lab.clock.advance(60_000);
    await eventually(() => desk.now().status !== "trying", "a verdict");
    assert.equal(desk.now().status, trouble ? "rolled-back" : "applied");
    assert.equal(lab.applied.length, trouble ? 2 : 1);
    await desk.close();
  }
});

test("short sessions, one after the other, prove settings good", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(lab.payload(tail));
  await lab.appliedTimes(1);
  for (let count = 0; count < 4; count += 1) {
    desk.report(sessionOf("started"));
    lab.clock.advance(1_500);
    desk.report(sessionOf("ended"));
  }
  assert.equal(desk.now().status, "applied");
  await desk.close();
});

test("what comes while others are tried has its turn afterwards; only the latest", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(lab.payload(tail));
  desk.receive(lab.payload({ "sis.vad_tail": 1 }));
  desk.receive(lab.payload({ "sis.vad_tail": 2 }));
  await lab.appliedTimes(1);
  desk.report(sessionOf("started"));
  lab.clock.advance(5_000);
  await lab.appliedTimes(2);
  assert.deepEqual(lab.applied[1], { "sis.vad_tail": 2 });
  await desk.close();
});

test("settings that need no trial are good at once; none, or an empty message, is the device's own", async () => {
  using lab = startLab({ apply: () => Promise.resolve({ onTrial: false }) });
  const desk = lab.open();
  desk.receive(lab.payload({ log_level: "debug" }));
  await eventually(() => desk.now().status === "applied", "applied");
  desk.receive(Buffer.from(""));
  await eventually(() => desk.now().status === "own", "own");
  assert.deepEqual(desk.now().settings, {});
  await desk.close();
});

test("a time as people write it, without parts of a second, is one, and is told as it was written", async () => {
  using lab = startLab({ apply: () => Promise.resolve({ onTrial: false }) });
  const desk = lab.open();
  desk.receive(lab.payload(tail, "2026-03-01T08:00:00Z"));
  await eventually(() => desk.now().status === "applied", "applied");
  assert.equal(desk.now().desired?.ts, "2026-03-01T08:00:00Z");
  await desk.close();
});

test("settings that cannot be applied are taken back", async () => {
  let tries = 0;
  using lab = startLab({
    apply() {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error("no")) : Promise.resolve({ onTrial: false });
    },
  });
  const desk = lab.open();
  desk.receive(lab.payload(tail));
  await eventually(() => desk.now().status === "rolled-back", "rolled back");
  assert.deepEqual([tries, desk.now().errors[0]?.message], [2, "no"]);
  await desk.close();
});

test("a disk that hangs is not waited for longer than two seconds: the settings are tried all the same", async () => {
  using lab = startLab();
  {
    using _hanging = hangingFile(`${lab.file}.new`);
    const desk = lab.open();
    desk.receive(lab.payload(tail));
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
    lab.clock.advance(1_900);
    await setImmediate();
    assert.deepEqual([desk.now().status, lab.applied], ["trying", []]);
    lab.clock.advance(100);
    await lab.appliedTimes(1);
    desk.report(sessionOf("started"));
    lab.clock.advance(5_000);
    assert.equal(desk.now().status, "applied");
    desk.receive(lab.payload({}, "2026-01-02T00:00:00.000Z"));
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
    lab.clock.advance(2_000);
    await lab.appliedTimes(2);
  }
});

test("settings that are too large to be taken are refused, once; what comes then is looked at", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(null);
  desk.receive(null);
  assert.deepEqual(lab.statuses(), ["refused"]);
  assert.deepEqual(lab.told[0]?.errors, [{ key: null, message: "it is larger than the 64 KiB that a device takes" }]);
  await desk.close();
  const again = lab.open(lab.load());
  again.receive(null);
  assert.deepEqual(lab.statuses(), ["refused"]);
  again.receive(Buffer.alloc(0));
  assert.deepEqual(lab.statuses(), ["refused", "own"]);
  await again.close();
});

test("settings that are too large to be taken, while others are tried, are refused after them", async () => {
  using lab = startLab();
  const desk = lab.open();
  desk.receive(lab.payload(tail));
  await lab.appliedTimes(1);
  desk.receive(null);
  desk.report(sessionOf("started"));
  lab.clock.advance(5_000);
  assert.deepEqual(lab.statuses(), ["trying", "applied", "refused"]);
  await desk.close();
});
