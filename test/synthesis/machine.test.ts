import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/base/fault.ts";
import { seededRandom } from "../../src/base/random.ts";
import { limitsMs, soundBounds, step } from "../../src/synthesis/machine.ts";
import { untried } from "../../src/synthesis/retry.ts";
import type { Effect, Event, Phase, State } from "../../src/synthesis/state.ts";

const tries = untried;
const bounds = soundBounds("Good morning.", { audioFormat: "pcm", sampleRate: 8000 });
const { leastBytes, mostBytes } = bounds;
const error = {
  kind: "ERROR",
  code: "SIS.0415",
  message: "m",
  traceId: null,
  class: "config",
  action: "hold",
  attempt: 1,
  retryInMs: null,
  heard: false,
  hint: "h",
} as const;
const states: Readonly<Record<Phase, State>> = {
  idle: { phase: "idle", tries },
  connecting: { phase: "connecting", tries },
  starting: { phase: "starting", tries },
  hearing: { phase: "hearing", tries, bytes: 100 },
  waiting: { phase: "waiting", tries },
  done: { phase: "done", tries },
  failed: { phase: "failed", tries, error },
  cancelled: { phase: "cancelled", tries },
};
const events: readonly Event[] = [
  { type: "begin" },
  { type: "opened" },
  { type: "START", traceId: "t" },
  { type: "sound", bytes: new Uint8Array(leastBytes) },
  { type: "sound", bytes: new Uint8Array(0) },
  { type: "END", reason: "NORMAL", traceId: "t" },
  { type: "END", reason: "ERROR", traceId: "t" },
  { type: "ERROR", code: "SIS.0401", message: "m", traceId: null },
  { type: "ERROR", code: "SIS.0415", message: "m", traceId: null },
  { type: "FATAL_ERROR", code: "SIS.0412", message: "m", traceId: "t" },
  { type: "EVENT", event: "VOICE_START", traceId: "t" },
  { type: "RESULT", segments: [], traceId: "t" },
  { type: "malformed", fault: new Fault("wire-bad-json", "no JSON") },
  { type: "closed", ending: { how: "closed", code: 1006, reason: "", asked: false } },
  { type: "deadline" },
  { type: "cancel" },
];
const context = { random: () => 0.5, bounds, heard: false };

/** What is done, in short. */
const done = (effects: readonly Effect[]) =>
  effects
    .map((effect) => {
      if (effect.do === "wait") return `wait ${effect.ms}`;
      return effect.do === "note" ? effect.irregularity : effect.do;
    })
    .join(", ");

suite("one piece of text", () => {
  const table: readonly (readonly [from: State, event: Event["type"], to: Phase, effects: string])[] = [
    [states.idle, "begin", "connecting", `connect, wait ${limitsMs.connect}`],
    [states.connecting, "opened", "starting", `start, wait ${limitsMs.start}`],
    [states.connecting, "deadline", "waiting", "report, close, void, wait 250"],
    [states.connecting, "closed", "waiting", "report, close, void, wait 250"],
    [states.starting, "START", "hearing", `wait ${limitsMs.firstSound}`],
    [
      states.starting,
      "sound",
      "hearing",
      `sound-before-start, wait ${limitsMs.firstSound}, keep, wait ${limitsMs.nextSound}`,
    ],
    [states.starting, "deadline", "waiting", "report, close, void, wait 250"],
    [states.starting, "END", "waiting", "report, close, void, wait 250"],
    [states.starting, "ERROR", "waiting", "report, close, void, wait 250"],
    [states.starting, "FATAL_ERROR", "waiting", "report, close, void, wait 250"],
    [states.starting, "RESULT", "starting", "stray-reply"],
    [states.starting, "malformed", "starting", "malformed-message"],
    [states.hearing, "sound", "hearing", `keep, wait ${limitsMs.nextSound}`],
    [states.hearing, "START", "hearing", "start-answered-twice"],
    [states.hearing, "END", "done", "close"],
    [states.hearing, "closed", "waiting", "report, close, void, wait 250"],
    [states.hearing, "deadline", "waiting", "report, close, void, wait 250"],
    [states.hearing, "cancel", "cancelled", "close"],
    [states.waiting, "deadline", "connecting", `connect, wait ${limitsMs.connect}`],
    [states.waiting, "ERROR", "waiting", ""],
    [states.waiting, "cancel", "cancelled", "close"],
    [{ phase: "hearing", tries, bytes: 0 }, "END", "waiting", "report, close, void, wait 250"],
    [{ phase: "hearing", tries, bytes: mostBytes }, "sound", "waiting", "report, close, void, wait 250"],
  ];
  for (const [from, type, to, effects] of table) {
    test(`${from.phase}, ${type}: ${to} (${effects})`, () => {
      const event = events.find((each) => each.type === type);
      assert.ok(event !== undefined);
      const { next, effects: got } = step(from, event, context);
      assert.deepEqual([next.phase, done(got)], [to, effects]);
    });
  }

  test("an END is the end of the sound where it says that it is whole", () => {
    for (const [reason, phase] of [
      ["NORMAL", "done"],
      ["CANCEL", "waiting"],
      ["OTHER", "waiting"],
      ["ERROR", "waiting"],
    ] as const)
      assert.equal(step(states.hearing, { type: "END", reason, traceId: "t" }, context).next.phase, phase);
  });

  test("sound that dribbles in does not put off the deadline", () => {
    let state: State = { phase: "hearing", tries, bytes: 0 };
    const waits: number[] = [];
    for (const length of [0, 1, leastBytes - 2, 0, 1, leastBytes - 1, 0]) {
      const { next, effects } = step(state, { type: "sound", bytes: new Uint8Array(length) }, context);
      state = next;
      waits.push(effects.filter((effect) => effect.do === "wait").length);
    }
    assert.deepEqual(waits, [0, 0, 0, 0, 1, 0, 0]);
  });

  test("too little sound is a quarter of real time, too much what no text takes", () => {
    const of = (text: string, audioFormat: "pcm" | "alaw", sampleRate: 8000 | 16000) =>
      soundBounds(text, { audioFormat, sampleRate });
    assert.deepEqual(of("", "pcm", 16000), { leastBytes: 40_000, mostBytes: 960_000 });
    assert.deepEqual(of("x".repeat(499), "alaw", 8000), { leastBytes: 10_000, mostBytes: 8_224_000 });
  });

  test("what is over stays over, and does nothing any more", () => {
    for (const state of [states.done, states.failed, states.cancelled]) {
      for (const event of events) assert.deepEqual(step(state, event, context), { next: state, effects: [] });
    }
  });

  test("any walk: a deadline wherever something is waited for, one connection at a time, an end after few failures", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 60 }), fc.string(), (walk, seed) => {
        const random = seededRandom(seed);
        let state: State = states.idle;
        let connected = false;
        let deadline = false;
        for (const event of walk) {
          if (event.type === "deadline" && !deadline) continue;
          const { next, effects } = step(state, event, { random, bounds, heard: false });
          if (next.phase !== state.phase) deadline = false;
          for (const effect of effects) {
            if (effect.do === "connect") {
              assert.ok(!connected, "the connection before is closed");
              connected = true;
            }
            if (effect.do === "close") connected = false;
            if (effect.do === "wait") deadline = true;
          }
          state = next;
          const waits = ["connecting", "starting", "hearing", "waiting"].includes(state.phase);
          assert.equal(deadline, waits, `${state.phase} after ${event.type}`);
          assert.ok(state.tries.failures <= 4);
        }
      }),
      { numRuns: 500 },
    );
  });
});
