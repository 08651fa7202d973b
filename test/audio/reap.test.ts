import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { reap } from "../../src/audio/reap.ts";
import { ManualClock } from "../lab/manual-clock.ts";

test("a child that obeys ends by TERM", async () => {
  const child = spawn("sleep", ["1000"]);
  const gone = new AbortController();
  child.on("exit", () => gone.abort());
  await once(child, "spawn");
  assert.equal(await reap(child, gone.signal, new ManualClock()), true);
  assert.equal(child.signalCode, "SIGTERM");
});

test("a child that has exited already is not signalled", async () => {
  const child = spawn("true");
  await once(child, "exit");
  assert.equal(await reap(child, AbortSignal.abort(), new ManualClock()), true);
  assert.equal(child.exitCode, 0);
});

test("a child that not even KILL ends is let go after 2.5 s", async () => {
  const child = spawn("sleep", ["1000"]);
  await once(child, "spawn");
  const clock = new ManualClock();
  // The news of its end never comes, as from a process that a driver holds up in the kernel.
  const reaped = reap(child, new AbortController().signal, clock);
  for (const ms of [500, 1_900]) {
    clock.advance(ms);
    await setImmediate();
  }
  assert.equal(await Promise.race([reaped, Promise.resolve("not yet")]), "not yet");
  clock.advance(100);
  assert.equal(await reaped, false);
  assert.equal(clock.pending, 0);
});
