import assert from "node:assert/strict";
import { test } from "node:test";
import { noReach, reachAt } from "../../src/recognition/silence.ts";
import { serviceLab, soundOf, wordAt } from "../lab/service-lab.ts";

test("what has arrived is dealt with as fast as time passes, and not before it has arrived", () => {
  const steps = [
    { arrivedMs: 6_000, nowMs: 102_000, dealtMs: 0 }, // nothing was there before
    { arrivedMs: 12_000, nowMs: 104_000, dealtMs: 2_000 },
    { arrivedMs: 12_000, nowMs: 110_000, dealtMs: 8_000 },
    { arrivedMs: 12_000, nowMs: 150_000, dealtMs: 12_000 },
    { arrivedMs: 14_000, nowMs: 152_000, dealtMs: 12_000 },
    { arrivedMs: 16_000, nowMs: 154_000, dealtMs: 14_000 },
  ];
  let reach = noReach;
  for (const { arrivedMs, nowMs, dealtMs } of steps) {
    reach = reachAt(reach, arrivedMs, nowMs, 1);
    assert.equal(reach.dealtMs, dealtMs, `at ${nowMs} ms`);
  }
});

test("a recording that is played fast is dealt with as fast", () => {
  const arrived = reachAt(noReach, 60_000, 1_000, 20);
  assert.equal(reachAt(arrived, 60_000, 2_000, 20).dealtMs, 20_000);
  assert.equal(reachAt(arrived, 60_000, 2_000, 0.1).dealtMs, 1_000, "the service is not slower for a slow source");
});

test("catching up over a long silence outruns a slow service; the word at its end is not lost when that breaks", () => {
  const word = wordAt(7, 130_000);
  const service = serviceLab({ seed: "slow", mode: "continuous", speed: 1, memoryMs: 600_000, downUntilMs: 300_000 });
  const { lab } = service;
  lab.capture(300_000, soundOf([word]));
  for (let waited = 0; waited < 90 && lab.link.audioBytes === 0; waited += 1) lab.clock.advance(1_000);
  lab.clock.advance(90_000);
  const { link } = lab;
  assert.ok(link.audioBytes / 16 > 200_000, "the word was sent long ago");
  assert.deepEqual(service.heard, [], "and the service is not there yet");
  link.end({ how: "closed", code: 1006, reason: "", asked: false });
  service.finish();
  assert.deepEqual(service.heard, [7]);
  assert.equal(lab.log.ledger().lostMs, 0);
});
