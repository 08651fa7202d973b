import assert from "node:assert/strict";
import { test } from "node:test";
import { atMost } from "../../src/base/clock.ts";
import { ManualClock } from "../lab/manual-clock.ts";

test("what comes in time is passed on, be it a failure, and keeps no timer", async () => {
  const clock = new ManualClock();
  assert.equal(await atMost(clock, 100, Promise.resolve(7)), 7);
  await assert.rejects(atMost(clock, 100, Promise.reject(new Error("no"))), /no/);
  assert.equal(clock.pending, 0);
});

test("what comes too late, or never, is null; a failure after that troubles nobody", async () => {
  const clock = new ManualClock();
  const work = Promise.withResolvers<number>();
  const waiting = atMost(clock, 100, work.promise);
  clock.advance(100);
  assert.equal(await waiting, null);
  work.reject(new Error("too late"));
  assert.equal(clock.pending, 0);
});
