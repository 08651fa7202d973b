import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { noProgress, stepProgress } from "../../src/cli/demo/progress.ts";
import { verdictOf } from "../../src/cli/demo/summary.ts";
import {
  after,
  alarmMessage,
  at,
  backingOff,
  error,
  errorMessage,
  published,
  sound,
  streams,
  transcript,
} from "./demo-samples.ts";

test("a back-off runs from its report to its end, and until the next phase", () => {
  const waiting = stepProgress(noProgress, backingOff(1_500), at(10_000), 16_000);
  assert.deepEqual(waiting.wait, { fromMs: 10_000, untilMs: 11_500 });
  assert.equal(waiting.phase, "backing-off");
  const back = stepProgress(waiting, streams, at(12_000), 16_000);
  assert.deepEqual([back.phase, back.wait], ["streaming", null]);
});

test("sound is measured, and its coming back ends the trouble", () => {
  const fault = new Fault("device-lost", "unplugged");
  const gone = after(sound(100, 16_384), {
    type: "capture",
    event: { type: "interrupted", fault, attempt: 1, retryInMs: 5 },
  });
  assert.equal(gone.fault, fault);
  assert.equal(gone.level.rmsDbfs, -100);
  const back = stepProgress(gone, sound(50, 16_384), at(0), 16_000);
  assert.deepEqual([back.fault, back.soundMs, Math.round(back.level.rmsDbfs)], [null, 150, -6]);
});

test("words are those of final transcripts; how late the last ones came is known", () => {
  const interim = transcript("00", 0);
  assert.ok(interim.type === "report" && interim.report.type === "transcript");
  const unfinished = { ...interim.report, transcript: { ...interim.report.transcript, final: false } };
  const progress = after({ type: "report", report: unfinished }, transcript("", 0), transcript("0001 0002", 0));
  assert.deepEqual(progress.words, ["0001", "0002"]);
  assert.equal(progress.lagMs, 2_000 - 360);
});

test("errors and alarms count as the fleet is told of them, each once, however often the message comes", () => {
  const progress = after(
    error("ERROR", "SIS.0305", 100), // the agent's own word for it is not counted
    errorMessage("ERROR", 1),
    errorMessage("ERROR", 1),
    errorMessage("FATAL_ERROR", 2),
    errorMessage("REFUSED", 3),
    alarmMessage("a", "active"),
    alarmMessage("a", "active"),
    alarmMessage("b", "active"),
    alarmMessage("a", "cleared"),
  );
  assert.deepEqual([progress.errors.size, progress.fatalErrors.size], [1, 1]);
  assert.deepEqual([progress.raised.size, progress.cleared.size], [2, 1]);
});

test("messages that are none of the fleet's contract change nothing", () => {
  assert.deepEqual(
    after(published("alarm/service", "{"), published("event/error", {}), published("state", "")),
    noProgress,
  );
});

const facts = { said: 3, connections: 3, capture: "arecord" } as const;
const failures = [errorMessage("ERROR", 1), errorMessage("FATAL_ERROR", 2)];
const [one, two, three] = [transcript("0001", 0), transcript("0002", 0), transcript("0003", 0)];

test("the account of a promise kept", () => {
  const progress = after(...failures, one, two, three, alarmMessage("a", "active"), alarmMessage("a", "cleared"));
  assert.deepEqual(verdictOf(progress, facts), {
    summary: {
      words: { sent: 3, heard: 3, lost: 0, doubled: 0 },
      errors: 1,
      fatal_errors: 1,
      reconnects: 2,
      alarms: { raised: 1, cleared: 1 },
      capture: "arecord",
    },
    strange: 0,
    lostMs: 0,
    kept: true,
  });
});

test("a word that is lost, comes twice, or was never said breaks the promise", () => {
  const lost = verdictOf(after(...failures, one, three), facts);
  assert.deepEqual([lost.summary.words, lost.kept], [{ sent: 3, heard: 2, lost: 1, doubled: 0 }, false]);
  const doubled = verdictOf(after(...failures, one, two, two, three), facts);
  assert.deepEqual([doubled.summary.words, doubled.kept], [{ sent: 3, heard: 3, lost: 0, doubled: 1 }, false]);
  const strange = verdictOf(after(...failures, one, two, transcript("00", 0), three), facts);
  assert.deepEqual([strange.strange, strange.kept], [1, false]);
});

test("a promise that was not put to the test is not kept", () => {
  assert.equal(verdictOf(after(one, two, three), facts).kept, false);
  assert.equal(verdictOf(after(errorMessage("ERROR", 1), one, two, three), facts).kept, false);
  assert.equal(verdictOf(after(...failures), { ...facts, said: 0 }).kept, false);
});

test("what a real microphone hears has no known number: sound that is lost, and speech that comes twice, count", () => {
  const unknown = { said: null, connections: 2, capture: "arecord" } as const;
  const quiet = verdictOf(after(...failures), unknown);
  assert.deepEqual([quiet.summary.words, quiet.kept], [{ sent: null, heard: 0, lost: null, doubled: 0 }, true]);
  const twice = verdictOf(after(...failures, transcript("12 34", 0, "x"), transcript("12 34", 0, "x")), unknown);
  assert.deepEqual([twice.summary.words, twice.kept], [{ sent: null, heard: 2, lost: null, doubled: 2 }, false]);
  const gap = {
    type: "report",
    report: { type: "gap", lostMs: 300, fromMs: 0, toMs: 300, cause: "buffer-full" },
  } as const;
  assert.equal(verdictOf(after(...failures, gap), unknown).kept, false);
});
