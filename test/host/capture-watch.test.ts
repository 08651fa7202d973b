import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FaultCode } from "../../src/base/fault.ts";
import {
  type Capture,
  type CaptureNews,
  captureMendingMs,
  feeds,
  silentCapture,
  stepCapture,
} from "../../src/host/capture-watch.ts";
import { explanationMs, isReady } from "../../src/host/readiness.ts";

const minute = 60_000;

/** What happened, at which minute. */
function after(...happened: readonly (readonly [atMinute: number, news: CaptureNews])[]): Capture {
  return happened.reduce((capture, [at, news]) => stepCapture(capture, news, at * minute), silentCapture(0));
}

const sound: CaptureNews = { type: "sound" };
const fault = (code: FaultCode): CaptureNews => ({ type: "fault", code });

describe("the watchdog is fed", () => {
  const limit = captureMendingMs / minute;
  for (const [name, capture, at, expected] of [
    ["while sound comes in", after([0, sound], [100, sound]), 100.1, true],
    ["at the start, for a while", after(), limit - 1, true],
    ["not where nothing was ever heard of the recorder", after(), limit, false],
    ["not where sound came, and no word since", after([1, sound]), 1 + limit, false],
    [
      "not where the recorder stalls, however often it is started anew",
      after([1, sound], [5, fault("recorder-stalled")], [10, fault("recorder-failed")]),
      1 + limit,
      false,
    ],
    ["just before that", after([1, sound], [10, fault("recorder-stalled")]), limit, true],
    ["again once sound is back", after([1, fault("recorder-stalled")], [60, sound]), 61, true],
    ["where the microphone is away", after([1, sound], [2, fault("device-missing")]), 1000, true],
    ["where another program holds it", after([2, fault("device-busy")]), 1000, true],
    ["where the source is at its end", after([1, sound], [2, { type: "over" }]), 1000, true],
  ] as const)
    test(name, () => assert.equal(feeds(capture, at * minute), expected));
});

describe("the agent counts as started", () => {
  const late = explanationMs;
  const missing = after([0, fault("device-missing")]);
  for (const [name, capture, sessionStands, ageMs, expected] of [
    ["with sound and a session", after([0, sound]), true, 500, true],
    ["not without a session", after([0, sound]), false, late - 1, false],
    ["without one once it is clear that it will take longer", after([0, sound]), false, late, true],
    ["not without sound", missing, true, late - 1, false],
    ["without sound once it is clear why", missing, true, late, true],
    ["never where the source has not said a word", after(), true, 10 * late, false],
    ["with a source that is at its end", after([0, { type: "over" }]), true, 500, true],
  ] as const)
    test(name, () => assert.equal(isReady(capture, sessionStands, ageMs), expected));
});
