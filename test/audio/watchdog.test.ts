import assert from "node:assert/strict";
import { test } from "node:test";
import { whenSilent } from "../../src/audio/watchdog.ts";
import { ManualClock } from "../lab/manual-clock.ts";

function startLab() {
  const clock = new ManualClock();
  let barks = 0;
  const watchdog = whenSilent(clock, 2_000, () => {
    barks += 1;
  });
  return { clock, watchdog, barks: () => barks };
}

test("silence is told once, when what has come meanwhile has had its time to be read", () => {
  const { clock, barks } = startLab();
  clock.advance(2_099);
  assert.equal(barks(), 0);
  clock.advance(10_000);
  assert.deepEqual([barks(), clock.pending], [1, 0]);
});

test("a process that was held up, however often, blames nobody: the wait begins anew", () => {
  const { clock, barks } = startLab();
  for (let times = 0; times < 3; times += 1) {
    clock.holdUp(24_000);
    clock.advance(0);
    clock.advance(1_999);
    assert.equal(barks(), 0);
  }
  clock.advance(101);
  assert.equal(barks(), 1);
});

test("disposed, it tells nothing, at any point", () => {
  for (const ms of [0, 1_999, 2_050]) {
    const { clock, watchdog, barks } = startLab();
    clock.advance(ms);
    watchdog[Symbol.dispose]();
    assert.equal(clock.pending, 0);
    clock.advance(10_000);
    assert.equal(barks(), 0);
  }
});
