import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Executors, openCommandDesk } from "../../src/fleet/command-desk.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { eventually } from "../system/lab/processes.ts";

function startLab() {
  const folder = mkdtempSync(join(tmpdir(), "commands-"));
  const clock = new ManualClock();
  const told: string[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const open = (executors: Executors, file: string | null = join(folder, "commands.json")) =>
    openCommandDesk({
      executors,
      file,
      clock,
      logger,
      onDisk() {},
      publish: (name, id, { status, reason }) => told.push([name, id, status, reason].filter(Boolean).join(" ")),
      refused: (name, id, reason) => told.push(`${name} ${id} failed ${reason}`),
      ended: (name, id, status) => told.push(`event ${name} ${id} ${status}`),
    });
  const payload = (args: object = {}, lifeMs = 60_000) =>
    Buffer.from(
      JSON.stringify({
        v: 1,
        ts: new Date(clock.wallMs()).toISOString(),
        args,
        not_after: new Date(clock.wallMs() + lifeMs).toISOString(),
      }),
    );
  /** Waits until so much has been told. */
  const until = (count: number) => eventually(() => told.length >= count, `${count} lines of ${told.join("; ")}`);
  return { clock, told, open, payload, until, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test("accepted, executing, succeeded; and an event", async () => {
  using lab = startLab();
  const desk = lab.open({ report: () => null });
  desk.receive(["report", "1"], lab.payload(), false);
  await lab.until(4);
  assert.deepEqual(lab.told, [
    "report 1 accepted",
    "report 1 executing",
    "report 1 succeeded",
    "event report 1 succeeded",
  ]);
  await desk.close();
});

test("one that fails says why; one that has nobody to carry it out is not available", async () => {
  using lab = startLab();
  const desk = lab.open({
    say: () => {
      throw new Error("no loudspeaker");
    },
  });
  desk.receive(["say", "1"], lab.payload({ text: "hello" }), false);
  desk.receive(["mute", "2"], lab.payload(), false);
  await lab.until(8);
  assert.ok(lab.told.includes("say 1 failed no loudspeaker"));
  assert.ok(lab.told.includes("mute 2 failed not available in this version"));
  await desk.close();
});

test("an empty message, which clears a command that the broker keeps, is not answered", async () => {
  using lab = startLab();
  const desk = lab.open({ report: () => null });
  desk.receive(["report", "1"], Buffer.alloc(0), true);
  desk.receive(["report", "1"], Buffer.alloc(0), false);
  desk.receive(["report", "1"], lab.payload(), true);
  assert.deepEqual(lab.told, ["report 1 failed it is retained: commands are published without retain"]);
  await desk.close();
});

test("each id is executed once, over a restart too", async () => {
  using lab = startLab();
  let runs = 0;
  const executors: Executors = {
    report: () => {
      runs += 1;
      return null;
    },
  };
  const desk = lab.open(executors);
  desk.receive(["report", "1"], lab.payload(), false);
  desk.receive(["report", "1"], lab.payload(), false);
  await lab.until(4);
  await desk.close();
  const again = lab.open(executors);
  again.resume();
  again.receive(["report", "1"], lab.payload(), false);
  again.receive(["report", "2"], lab.payload(), false);
  await lab.until(8);
  assert.equal(runs, 2);
  assert.ok(!lab.told.slice(4).some((line) => line.includes(" 1 ")));
  await again.close();
});

test("one that was being executed when the agent ended is told to have failed, and is not begun again", async () => {
  using lab = startLab();
  let runs = 0;
  const forever: Executors = {
    "self-test": () => {
      runs += 1;
      return new Promise<null>(() => {});
    },
  };
  const desk = lab.open(forever);
  desk.receive(["self-test", "9"], lab.payload(), false);
  await lab.until(2);
  await desk.close();
  const again = lab.open(forever);
  again.resume();
  assert.match(lab.told[2] ?? "", /^self-test 9 failed the agent ended/);
  again.receive(["self-test", "9"], lab.payload(), false);
  await setImmediate();
  assert.equal(runs, 1);
  assert.equal(lab.told.length, 4);
  await again.close();
});

test("one that only waited when the agent ended has failed, and is not executed when the broker gives it again", async () => {
  using lab = startLab();
  let stops = 0;
  const executors: Executors = {
    "self-test": () => new Promise<null>(() => {}),
    stop: () => {
      stops += 1;
      return null;
    },
  };
  const desk = lab.open(executors);
  const payload = lab.payload();
  desk.receive(["self-test", "1"], payload, false);
  await lab.until(2);
  desk.receive(["stop", "2"], payload, false);
  await desk.close();
  await setImmediate();
  assert.deepEqual(lab.told.splice(0), ["self-test 1 accepted", "self-test 1 executing", "stop 2 accepted"]);
  const again = lab.open(executors);
  again.resume();
  assert.match(lab.told[0] ?? "", /^self-test 1 failed the agent ended while it was executed/);
  assert.equal(
    lab.told[2],
    "stop 2 failed the agent ended before its turn came: it was not executed, and may be sent again under another id",
  );
  assert.equal(stops, 0);
  // Whoever was told may have sent it anew, under another id.
  again.receive(["stop", "2"], payload, false);
  again.receive(["self-test", "1"], payload, false);
  again.receive(["stop", "3"], payload, false);
  await lab.until(8);
  assert.deepEqual(lab.told.slice(4), [
    "stop 3 accepted",
    "stop 3 executing",
    "stop 3 succeeded",
    "event stop 3 succeeded",
  ]);
  assert.equal(stops, 1);
  await again.close();
});

test("one that comes while the desk closes is refused, and may be sent again; so is one with another's id", async () => {
  using lab = startLab();
  const desk = lab.open({ report: () => null, mute: () => null });
  const closing = desk.close();
  desk.receive(["mute", "1"], lab.payload(), false);
  await closing;
  const next = lab.open({ report: () => null, mute: () => null });
  next.resume();
  next.receive(["mute", "1"], lab.payload(), false);
  await lab.until(5);
  next.receive(["report", "1"], lab.payload(), false);
  assert.deepEqual(lab.told, [
    "mute 1 failed the agent is about to end: send it again with the same id",
    "mute 1 accepted",
    "mute 1 executing",
    "mute 1 succeeded",
    "event mute 1 succeeded",
    "report 1 failed a mute had this id: each command has its own",
  ]);
  await next.close();
});

test("one that was executed, and comes again after its time, has not failed for that", async () => {
  using lab = startLab();
  const desk = lab.open({ report: () => null });
  const payload = lab.payload();
  desk.receive(["report", "1"], payload, false);
  await lab.until(4);
  lab.clock.advance(60_001);
  desk.receive(["report", "1"], payload, false);
  desk.receive(["report", "1"], payload, true);
  assert.equal(lab.told.length, 4, lab.told.join("; "));
  await desk.close();
});

test("one that ends after the desk has closed is told of by the next start alone, and keeps no timer", async () => {
  using lab = startLab();
  const work = Promise.withResolvers<null>();
  const desk = lab.open({ report: () => work.promise });
  desk.receive(["report", "1"], lab.payload(), false);
  await lab.until(2);
  await desk.close();
  assert.equal(lab.clock.pending, 0);
  work.resolve(null);
  await setImmediate();
  assert.deepEqual(lab.told, ["report 1 accepted", "report 1 executing"]);
  const next = lab.open({});
  next.resume();
  assert.match(lab.told[2] ?? "", /^report 1 failed the agent ended/);
  assert.equal(lab.told.length, 4);
  await next.close();
});

test("one after the other; whose turn comes too late is not executed, and too many are refused", async () => {
  using lab = startLab();
  const first = Promise.withResolvers<null>();
  const desk = lab.open({ report: () => first.promise, "self-test": () => null });
  desk.receive(["report", "1"], lab.payload(), false);
  await lab.until(2);
  desk.receive(["self-test", "2"], lab.payload({}, 1_000), false);
  for (let id = 3; id <= 10; id += 1) desk.receive(["self-test", `${id}`], lab.payload(), false);
  assert.match(lab.told.at(-1) ?? "", /^self-test 10 failed too many commands wait/);
  lab.clock.advance(2_000);
  first.resolve(null);
  await eventually(() => lab.told.includes("event self-test 9 succeeded"), "the last one");
  assert.ok(lab.told.includes("self-test 2 failed its turn came after not_after"));
  assert.ok(!lab.told.includes("self-test 2 executing"));
  await desk.close();
});

test("nothing waits for a text to be spoken, and it may take its time", async () => {
  using lab = startLab();
  const spoken = Promise.withResolvers<null>();
  const asked: unknown[] = [];
  const desk = lab.open(
    {
      say: ({ text, priority }, notAfterMs) => {
        asked.push([text, priority, notAfterMs - lab.clock.wallMs()]);
        return spoken.promise;
      },
      mute: () => null,
    },
    null,
  );
  desk.receive(["say", "1"], lab.payload({ text: "a long story" }), false);
  desk.receive(["say", "2"], lab.payload({ text: "fire", priority: 9 }), false);
  desk.receive(["mute", "3"], lab.payload(), false);
  await eventually(() => lab.told.includes("mute 3 succeeded"), "it is muted meanwhile");
  assert.deepEqual(asked, [
    ["a long story", 5, 60_000],
    ["fire", 9, 60_000],
  ]);
  lab.clock.advance(120_000);
  spoken.resolve(null);
  await eventually(() => lab.told.includes("say 1 succeeded"), "it is spoken");
  await desk.close();
});

test("one that takes too long has failed, and the next has its turn", async () => {
  using lab = startLab();
  const desk = lab.open({ report: () => new Promise<null>(() => {}), "self-test": () => null }, null);
  desk.receive(["report", "1"], lab.payload({}, 600_000), false);
  desk.receive(["self-test", "2"], lab.payload({}, 600_000), false);
  await lab.until(3);
  lab.clock.advance(60_000);
  await lab.until(7);
  assert.ok(lab.told.includes("report 1 failed it took longer than 60 s"));
  assert.ok(lab.told.includes("self-test 2 succeeded"));
  await desk.close();
  assert.equal(lab.clock.pending, 0);
});

test("more than can be remembered within their life are refused", async () => {
  using lab = startLab();
  const desk = lab.open({ report: () => null }, null);
  for (let id = 1; id <= 500; id += 1) {
    desk.receive(["report", `${id}`], lab.payload(), false);
    if (id % 5 === 0) await eventually(() => lab.told.includes(`event report ${id} succeeded`), `command ${id}`);
  }
  desk.receive(["report", "501"], lab.payload(), false);
  assert.match(lab.told.at(-1) ?? "", /501 failed too many commands came within their time: give a nearer not_after/);
  lab.clock.advance(60_000 + 600_000 + 1);
  desk.receive(["report", "502"], lab.payload(), false);
  await eventually(() => lab.told.includes("event report 502 succeeded"), "a later one");
  await desk.close();
});

test("who has sent too many can still stop it and have it listen again, as often as need be", async () => {
  using lab = startLab();
  const switches: Executors = { report: () => null, start: () => null, stop: () => null, mute: () => null };
  const desk = lab.open(switches);
  const day = lab.payload({}, 86_400_000);
  for (let id = 1; id <= 500; id += 1) {
    desk.receive(["report", `r${id}`], day, false);
    if (id % 5 === 0) await eventually(() => lab.told.includes(`event report r${id} succeeded`), `command ${id}`);
  }
  for (let id = 1; id <= 250; id += 1) {
    desk.receive([id % 2 === 0 ? "start" : "stop", `s${id}`], day, false);
    if (id % 5 === 0)
      await eventually(() => lab.told.some((line) => line.endsWith(`s${id} succeeded`)), `switch ${id}`);
  }
  desk.receive(["mute", "m"], day, false);
  await eventually(() => lab.told.includes("event mute m succeeded"), "the last one");
  desk.receive(["report", "r501"], day, false);
  assert.match(lab.told.at(-1) ?? "", /r501 failed too many/);
  await desk.close();
  const before = lab.told.length;
  const again = lab.open(switches);
  again.resume();
  for (const id of ["r1", "r500"]) again.receive(["report", id], day, false);
  again.receive(["mute", "m"], day, false);
  assert.equal(lab.told.length, before, "what is remembered is bounded, and can be read again");
  await again.close();
});

test("a text that still waits for its turn has not failed", async () => {
  using lab = startLab();
  const spoken = Promise.withResolvers<null>();
  const desk = lab.open({ say: () => spoken.promise });
  desk.receive(["say", "1"], lab.payload({ text: "when it is quiet" }, 3 * 3_600_000), false);
  await lab.until(2);
  lab.clock.advance(2 * 3_600_000);
  await setImmediate();
  spoken.resolve(null);
  await lab.until(3);
  assert.equal(lab.told[2], "say 1 succeeded");
  await desk.close();
});

test("a speaker that never tells what became of a text does not keep the command for ever", async () => {
  using lab = startLab();
  const desk = lab.open({ say: () => new Promise<null>(() => {}) });
  desk.receive(["say", "1"], lab.payload({ text: "hello" }), false);
  await lab.until(2);
  lab.clock.advance(3_600_000 + 60_000);
  await lab.until(3);
  assert.match(lab.told[2] ?? "", /^say 1 failed it took longer than 3660 s/);
  await desk.close();
});
