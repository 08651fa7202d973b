import assert from "node:assert/strict";
import { test } from "node:test";
import { detailOf, rowsOf } from "../../src/console/wire.ts";
import { alarmOf, at, infoOf, metricsOf, newModel, spokenOf, startMs, stateOf, storm } from "./samples.ts";

test("counts follow what devices say, the worst device comes first", () => {
  const { model, say } = newModel();
  say("a", "state", stateOf("streaming"));
  say("b", "state", stateOf("offline"));
  say("c", "state", stateOf("held"));
  say("c", "alarm/account", alarmOf({ severity: "critical", code: "SIS.0204" }));
  say("d", "alarm/clock", alarmOf({ severity: "minor", code: "clock-off" }));
  const { devices, phases, alarms, worst } = model.overview();
  assert.deepEqual(
    [devices, phases["streaming"], phases["offline"], phases["held"], phases["unknown"]],
    [4, 1, 1, 1, 1],
  );
  assert.deepEqual([alarms, worst], [{ account: 1, clock: 1 }, [2, 0, 1, 0, 1]]);
  assert.deepEqual(
    rowsOf(model).map(({ d }) => d),
    ["c", "d", "b", "a"],
  );
  say("c", "alarm/account", alarmOf({ status: "cleared", code: "SIS.0204" }));
  say("c", "state", stateOf("streaming"));
  assert.deepEqual([model.overview().alarms, model.overview().phases["held"]], [{ clock: 1 }, 0]);
});

test("devices that make up types of alarms hide none that is known", () => {
  const { model, say } = newModel();
  const types = Array.from(
    { length: 60 },
    (_, index) => `made-up-${"abcdefghij"[index % 10]}${"uvwxyz"[Math.floor(index / 10)]}`,
  );
  for (const [index, type] of types.entries()) say(`liar${index % 3}`, `alarm/${type}`, alarmOf());
  say("a", "alarm/made-up-av", alarmOf());
  say("b", "alarm/credentials", alarmOf());
  const { credentials, other, ...more } = model.overview().alarms;
  assert.deepEqual([credentials, other, Object.keys(more).length], [1, 40, 20]);
  assert.equal(more["made-up-av"], 2, "the most frequent are told");
  for (const [index, type] of types.entries()) say(`liar${index % 3}`, `alarm/${type}`, "");
  assert.deepEqual(model.overview().alarms, { "made-up-av": 1, credentials: 1 });
});

test("an event that comes a second time is shown once; that of another boot is another", () => {
  const { model, say } = newModel();
  const ended = {
    v: 1,
    ts: "2026-01-01T00:00:00.000Z",
    seq: 7,
    session: "s",
    change: "ended",
    reason: "x",
    trace_id: null,
  };
  for (const [boot, replayed] of [
    ["b1", false],
    ["b1", true],
    ["b2", false],
  ])
    say("a", "event/session", { ...ended, boot, replayed });
  assert.equal(model.device("lab/a")?.events.length, 2);
});

test("a late will of an older connection is old news", () => {
  const { model, say } = newModel();
  say("a", "state", stateOf("streaming", { session: "new" }));
  say("a", "state", stateOf("offline", { session: "old" }));
  assert.equal(model.device("lab/a")?.state?.phase, "streaming");
  say("a", "state", stateOf("offline", { session: "new" }));
  assert.equal(model.device("lab/a")?.state?.phase, "offline");
});

test("who came back and went while the console had no broker is gone: the new snapshot's word counts", () => {
  const { model, say } = newModel();
  model.snapshotBegins();
  say("a", "state", stateOf("streaming", { session: "s1" }));
  model.snapshotEnds(at(startMs));
  model.snapshotBegins();
  say("a", "state", stateOf("offline", { session: "s2" }));
  model.snapshotEnds(at(startMs));
  assert.equal(model.device("lab/a")?.state?.phase, "offline");
});

test("a late will that the broker keeps stays old news, however often the console asks anew", () => {
  const { model, say } = newModel();
  say("a", "state", stateOf("streaming", { session: "s1" }));
  say("a", "state", stateOf("streaming", { session: "s2" }));
  for (const _ of ["once", "again"]) {
    model.snapshotBegins();
    say("a", "state", stateOf("offline", { session: "s1" }));
    model.snapshotEnds(at(startMs));
    assert.equal(model.device("lab/a")?.state?.phase, "streaming");
  }
});

test("what was not in the broker's new snapshot is gone: alarms, and devices that fell silent", () => {
  const { model, say } = newModel();
  model.snapshotBegins();
  for (const device of ["a", "b"]) {
    say(device, "state", stateOf("streaming"));
    say(device, "alarm/service", alarmOf());
  }
  model.snapshotEnds(at(startMs));
  assert.deepEqual(model.overview().alarms, { service: 2 });
  model.snapshotBegins();
  say("a", "state", stateOf("streaming"));
  say("a", "alarm/service", alarmOf());
  model.snapshotEnds(at(startMs));
  assert.deepEqual(model.overview().alarms, { service: 1 });
  assert.deepEqual(
    [model.device("lab/a")?.state?.phase, model.device("lab/b")?.state?.phase],
    ["streaming", "offline"],
  );
  assert.match(model.device("lab/b")?.state?.reason ?? "", /the broker no longer knows/);
});

test("that the console's clock is set tells nothing about the devices", () => {
  const { model, say } = newModel();
  const phase = () => model.device("lab/a")?.state?.phase;
  say("a", "state", stateOf("streaming"));
  const dayMs = 24 * 3_600_000;
  model.tick(at(startMs + dayMs + 60_000, dayMs));
  assert.equal(phase(), "streaming", "ahead");
  model.tick(at(startMs - dayMs + 7_300_000, -dayMs));
  assert.equal(phase(), "offline", "back, and nothing was heard for two hours");
});

test("a device of which nothing is heard for more than two hours counts as offline", () => {
  const { model, say } = newModel();
  say("a", "state", stateOf("streaming"));
  model.tick(at(startMs + 7_100_000));
  assert.equal(model.device("lab/a")?.state?.phase, "streaming");
  model.tick(at(startMs + 7_300_000));
  assert.equal(model.device("lab/a")?.state?.phase, "offline");
});

test("taking back what is retained forgets the device", () => {
  const { model, say } = newModel();
  say("a", "state", stateOf("streaming"));
  say("a", "info", infoOf());
  say("a", "state", "");
  assert.equal(model.overview().devices, 1);
  say("a", "info", "");
  assert.deepEqual([model.overview().devices, model.overview().phases["unknown"]], [0, 0]);
});

test("a device that floods is heard as much as any other; its last state is not lost, others do not notice", () => {
  const { model, say } = newModel();
  say("well", "state", stateOf("streaming"));
  for (let count = 0; count < 50_000; count += 1) {
    say("flood", "event/error", "{}");
    say("flood", "state", stateOf(count === 49_999 ? "held" : "streaming"));
  }
  assert.notEqual(model.device("lab/flood")?.state?.phase, "held", "it waits for its turn");
  assert.ok((model.overview().refused["flood"] ?? 0) > 40_000);
  say("well", "state", stateOf("listening"));
  assert.equal(model.device("lab/well")?.state?.phase, "listening");
  model.tick(at(startMs + 1_000));
  assert.equal(model.device("lab/flood")?.state?.phase, "held");
});

test("an older message that waited never replaces a newer one", () => {
  const { model, say } = newModel();
  for (let count = 0; count < 101; count += 1) say("a", "state", stateOf("starting"));
  say("a", "state", stateOf("held"), startMs);
  say("a", "state", stateOf("streaming"), startMs + 1_000);
  model.tick(at(startMs + 5_000));
  assert.equal(model.device("lab/a")?.state?.phase, "streaming");
});

test("more devices than the limit are counted, not kept; those that are known go on", () => {
  const { model, say } = newModel(10);
  for (let index = 0; index < 1_000; index += 1) say(`d${index}`, "state", stateOf("streaming"));
  assert.deepEqual([model.overview().devices, model.overview().refused["too-many-devices"]], [10, 990]);
  say("d3", "state", stateOf("held"));
  assert.equal(model.device("lab/d3")?.state?.phase, "held");
});

test("one device name cannot fill the console by way of many fleets", () => {
  const { model } = newModel();
  for (let index = 0; index < 100; index += 1) {
    model.receive(`sis/v1/fleet${index}/liar/up/state`, Buffer.from(JSON.stringify(stateOf("streaming"))), at(startMs));
  }
  assert.deepEqual([model.overview().devices, model.overview().refused["too-many-fleets"]], [4, 96]);
});

test("everything that is kept of a device has a bound", () => {
  const { model, say } = newModel();
  for (let count = 0; count < 500; count += 1) {
    const atMs = startMs + count * 60_000;
    say("a", "state", stateOf(count % 2 === 0 ? "streaming" : "held", { since: new Date(atMs).toISOString() }), atMs);
    say(
      "a",
      `alarm/t${String.fromCharCode(97 + (count % 26))}-${String.fromCharCode(97 + (count % 25))}`,
      alarmOf(),
      atMs,
    );
    say("a", "metrics", metricsOf(count), atMs);
    say("a", "transcript", spokenOf(`${count} ${"long ".repeat(500)}`, { id: `t${count}` }), atMs);
    say(
      "a",
      `command/mute/c${count}`,
      { v: 1, status: "succeeded", reason: "", result: { text: "x".repeat(5000) } },
      atMs,
    );
  }
  const device = model.device("lab/a");
  assert.ok(device !== null);
  const detail = detailOf(device);
  assert.ok(JSON.stringify(detail).length < 64_000, `${JSON.stringify(detail).length}`);
  assert.equal(detail.chart.timesMs.length, 60);
  assert.equal(detail.chart.levelDbfs.length, 60);
});

test("many devices with one code are told once, and once when it is over", () => {
  const { model, say } = newModel();
  for (let index = 0; index < 1_000; index += 1) say(`d${index}`, "state", stateOf("streaming"));
  storm(say, 812);
  model.tick(at(startMs));
  assert.equal(model.overview().outages[0]?.text, "service region problem: 812 devices, SIS.0303");
  assert.deepEqual(
    model.overview().news.map(({ text }) => text),
    ["service region problem: 812 devices, SIS.0303"],
  );
  say("d900", "alarm/service", alarmOf());
  model.tick(at(startMs + 1_000));
  assert.equal(model.overview().outages[0]?.devices, 813);
  assert.equal(model.overview().news.length, 1);
  for (let index = 0; index < 1_000; index += 1) say(`d${index}`, "alarm/service", alarmOf({ status: "cleared" }));
  model.tick(at(startMs + 2_000));
  assert.deepEqual(model.overview().outages, []);
  assert.match(model.overview().news.at(-1)?.text ?? "", /^over: service region problem/);
});
