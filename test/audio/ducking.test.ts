import assert from "node:assert/strict";
import { test } from "node:test";
import { startDucking } from "../../src/audio/ducking.ts";
import { dtmf, plainDtmf } from "../../src/simulator/dtmf.ts";
import { ManualClock } from "../lab/manual-clock.ts";

test("somebody speaks: at once, and until a moment after their last word; silence is nobody", () => {
  const clock = new ManualClock();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const ducking = startDucking(16_000, clock, logger);
  const hear = (samples: Int16Array) => {
    for (let at = 0; at < samples.length; at += 1600) {
      clock.advance(100);
      ducking.heard(samples.subarray(at, at + 1600));
    }
  };
  hear(new Int16Array(16_000 * 6)); // until it knows what silence is here
  assert.equal(ducking.active, false);
  hear(dtmf("123", { ...plainDtmf, sampleRate: 16_000 }));
  assert.equal(ducking.active, true);
  hear(new Int16Array(9_600));
  assert.equal(ducking.active, true, "between two words");
  hear(new Int16Array(9_600));
  assert.equal(ducking.active, false);
});
