import assert from "node:assert/strict";
import { test } from "node:test";
import { levelMeter, sentMeter } from "../../src/agent/meters.ts";
import { tallyOf } from "../../src/audio/level.ts";

test("the level is of the sound since the last look", () => {
  const meter = levelMeter();
  assert.equal(meter.look(), null);
  meter.heard(tallyOf(Int16Array.of(32_767, -32_768)));
  meter.heard(tallyOf(Int16Array.of(0, 0)));
  const level = meter.look();
  assert.equal(level?.clippedRatio, 0.5);
  assert.ok(Math.abs((level?.rmsDbfs ?? 0) + 3.01) < 0.01);
  assert.equal(meter.look(), null);
});

test("what is sent beyond where nothing was sent before is new, the rest is sent again", () => {
  const meter = sentMeter(1_000);
  meter.sent(100, 100);
  meter.sent(100, 200);
  meter.sent(100, 150); // the reader went back
  meter.sent(100, 250);
  assert.deepEqual([meter.sentMs, meter.replayedMs], [400, 150]);
});
