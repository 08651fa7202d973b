import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type RecognizerEar, type Recognizing, startRecognition } from "../../src/agent/recognition.ts";
import type { Settings } from "../../src/config/schema.ts";
import type { RecognitionPhase, Report } from "../../src/recognition/report.ts";
import { sessionOf } from "../fleet/samples.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const settings = {} as Settings;
const phase = (to: RecognitionPhase): Report => ({ type: "phase", phase: to, reason: "", retryInMs: null });

/** Recognition with recognisers that note what is done to them. */
function startLab() {
  const clock = new ManualClock();
  const made: { readonly ear: RecognizerEar; readonly calls: string[]; readonly end: () => void }[] = [];
  const reports: Report[] = [];
  const make = (_settings: Settings, ear: RecognizerEar): Recognizing => {
    const calls: string[] = [];
    const stopped = Promise.withResolvers<undefined>();
    made.push({ ear, calls, end: () => stopped.resolve(undefined) });
    return {
      stopped: stopped.promise,
      audioArrived: () => void calls.push("audio"),
      sourceEnded: () => void calls.push("source ended"),
      rest: (resting) => void calls.push(resting ? "rest" : "go on"),
      reconfigured: () => void calls.push("reconfigured"),
      stop() {
        calls.push("stop");
        ear.report(phase("stopped"));
        stopped.resolve(undefined);
        return stopped.promise;
      },
    };
  };
  const recognition = startRecognition({
    settings,
    make,
    onReport: (report) => reports.push(report),
    clock,
    sampleRate: 8_000,
  });
  const one = made[0];
  assert.ok(one !== undefined);
  return { clock, made, one, reports, recognition };
}

/** 400 ms of nothing. */
const pause = new Int16Array(3_200);
const turn = () => setImmediate();

test("a change waits for a pause, ends the session, and goes on with another on the same log", async () => {
  const { made, one, recognition, reports } = startLab();
  one.ear.report(phase("streaming"));
  const changed = recognition.change(settings);
  recognition.audioArrived();
  await turn();
  assert.deepEqual(one.calls, ["audio"], "it goes on while somebody speaks");
  one.ear.sent(pause);
  await turn();
  assert.deepEqual(one.calls, ["audio", "reconfigured"]);
  one.ear.report(sessionOf("ended"));
  await changed;
  assert.deepEqual(one.calls.slice(2), ["stop"]);
  assert.deepEqual(made[1]?.calls, ["audio"]);
  recognition.audioArrived();
  assert.deepEqual(made[1]?.calls, ["audio", "audio"]);
  assert.ok(!reports.some((report) => report.type === "phase" && report.phase === "stopped"));
  const first = await Promise.race([recognition.stopped.then(() => "stopped"), turn().then(() => "going on")]);
  assert.equal(first, "going on");
});

test("nobody is waited for for ever: not for a pause, not for an end", async () => {
  const { clock, made, one, recognition } = startLab();
  one.ear.report(phase("streaming"));
  const changed = recognition.change(settings);
  clock.advance(10_000);
  await turn();
  assert.deepEqual(one.calls, ["reconfigured"]);
  clock.advance(4_000);
  await changed;
  assert.equal(made.length, 2);
  assert.equal(clock.pending, 0);
});

test("where nothing is sent there is no word to cut: the change is at once", async () => {
  const { made, one, recognition } = startLab();
  one.ear.report(phase("held"));
  await recognition.change(settings);
  assert.deepEqual(one.calls, ["reconfigured", "stop"]);
  assert.equal(made.length, 2);
});

test("a session that fails while a pause is awaited ends the wait", async () => {
  const { made, one, recognition } = startLab();
  one.ear.report(phase("streaming"));
  const changed = recognition.change(settings);
  one.ear.report(phase("backing-off"));
  await changed;
  assert.equal(made.length, 2);
});

test("a source that ended meanwhile has ended for the next recogniser, too; its end is the end of recognition", async () => {
  const { made, one, recognition } = startLab();
  one.ear.report(phase("streaming"));
  const changed = recognition.change(settings);
  recognition.sourceEnded();
  recognition.rest(false);
  one.ear.sent(pause);
  await turn();
  one.ear.report(sessionOf("ended"));
  await changed;
  assert.deepEqual(made[1]?.calls, ["source ended"]);
  made[1]?.end();
  await recognition.stopped;
});

test("a source that rests rests for the next recogniser, too", async () => {
  const { made, recognition } = startLab();
  recognition.rest(true);
  await recognition.change(settings);
  assert.deepEqual(made[1]?.calls, ["rest", "audio"]);
  recognition.rest(false);
  assert.deepEqual(made[1]?.calls.at(-1), "go on");
});

test("a stop during a change is the last word: no other recogniser begins", async () => {
  const { clock, made, one, recognition } = startLab();
  one.ear.report(phase("streaming"));
  const changed = recognition.change(settings);
  await recognition.stop(0);
  await changed;
  await recognition.stopped;
  assert.equal(made.length, 1);
  assert.ok(one.calls.includes("stop"));
  assert.equal(clock.pending, 0);
});

test("a restart begins a new session in the next pause, with the same recogniser", async () => {
  const { made, one, recognition } = startLab();
  one.ear.report(phase("streaming"));
  const restarted = recognition.restart();
  one.ear.sent(pause);
  await turn();
  one.ear.report(sessionOf("ended"));
  await restarted;
  assert.deepEqual(one.calls, ["reconfigured"]);
  assert.equal(made.length, 1);
});

test("a stop waits for a pause between words, but not for ever, and not where no more sound comes", async () => {
  for (const [pauseWithinMs, meanwhile] of [
    [600, "pause"],
    [600, "no pause"],
    [0, "nothing"],
  ] as const) {
    const { clock, one, recognition } = startLab();
    one.ear.report(phase("streaming"));
    const stopping = recognition.stop(pauseWithinMs);
    assert.deepEqual(one.calls, pauseWithinMs === 0 ? ["stop"] : []);
    recognition.audioArrived();
    if (meanwhile === "pause") one.ear.sent(pause);
    if (meanwhile === "no pause") clock.advance(600);
    await stopping;
    assert.equal(one.calls.filter((call) => call === "stop").length, 1);
    assert.equal(clock.pending, 0);
  }
});
