import assert from "node:assert/strict";
import { test } from "node:test";
import { type PaceVerdict, paceFrom, paceVerdict, stepPace } from "../../src/audio/pace.ts";

/** The first verdict that is not steady and when, for `seconds` of arrivals each `everyMs` with sound `factor` times as long. */
function listen(seconds: number, everyMs: number, factor: number): { verdict: PaceVerdict; atMs: number } {
  let pace = paceFrom(0);
  for (let nowMs = everyMs; nowMs <= seconds * 1000; nowMs += everyMs) {
    pace = stepPace(pace, nowMs, everyMs * factor);
    if (paceVerdict(pace) !== "steady") return { verdict: paceVerdict(pace), atMs: nowMs };
  }
  return { verdict: "steady", atMs: seconds * 1000 };
}

test("real time is steady for ever, also with a crystal that is 1 % off", () => {
  for (const factor of [0.99, 1, 1.01]) assert.equal(listen(86_400, 125, factor).verdict, "steady");
});

test("common wrong rates are found out: 44.1 and 48 kHz in seconds, half the rate within a minute", () => {
  for (const factor of [44_100 / 16_000, 3, 6]) {
    const found = listen(60, 125, factor);
    assert.equal(found.verdict, "too-fast");
    assert.ok(found.atMs < 7_000, `${found.atMs} ms`);
  }
  const half = listen(60, 125, 0.5);
  assert.equal(half.verdict, "too-slow");
});

test("a flood is found out with the first ten seconds of sound, in no time", () => {
  let pace = paceFrom(0);
  let soundMs = 0;
  while (paceVerdict(pace) === "steady") {
    pace = stepPace(pace, 0, 2_048);
    soundMs += 2_048;
  }
  assert.ok(soundMs < 12_500);
});

test("what was held up for some seconds may come at once", () => {
  let pace = paceFrom(0);
  pace = stepPace(pace, 6_000, 0);
  pace = stepPace(pace, 6_000, 6_000);
  assert.equal(paceVerdict(pace), "steady");
});

test("a process that slept for an hour does not blame the device", () => {
  let pace = paceFrom(0);
  for (let hour = 1; hour <= 3; hour += 1) {
    pace = stepPace(pace, hour * 3_600_000, 2_000);
    assert.equal(paceVerdict(pace), "steady");
  }
});
