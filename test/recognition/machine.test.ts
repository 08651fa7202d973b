import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/base/fault.ts";
import { seededRandom } from "../../src/base/random.ts";
import { step } from "../../src/recognition/machine.ts";
import { freshStanding, type Plan } from "../../src/recognition/retry.ts";
import type { Context, Effect, Event, EventType, State, Step } from "../../src/recognition/state.ts";

const standing = freshStanding;
const plan: Plan = { delayMs: 700, held: false, renew: false, reason: "" };
const context: Context = {
  nowMs: 0,
  random: () => 0.5,
  mode: "continuous",
  productive: true,
  advanced: false,
  spent: false,
  arrived: true,
  owedMs: 0,
};

const states = {
  idle: { phase: "idle", standing },
  connecting: { phase: "connecting", standing },
  starting: { phase: "starting", standing, reused: false },
  streaming: { phase: "streaming", standing },
  "ending (exhausted)": { phase: "ending", standing, why: "exhausted", asked: true, settle: "sent" },
  failing: { phase: "failing", standing, plan, heeds: true },
  resting: { phase: "resting", standing },
  lingering: { phase: "lingering", standing, next: "stopped" },
  doomed: { phase: "doomed", standing, plan },
  leaving: { phase: "leaving", standing, next: plan },
  waiting: { phase: "waiting", standing },
  stopped: { phase: "stopped", standing },
} satisfies Record<string, State>;

const events: { readonly [E in EventType]: Extract<Event, { type: E }> } = {
  wanted: { type: "wanted" },
  exhausted: { type: "exhausted" },
  starved: { type: "starved" },
  limit: { type: "limit", cancel: true },
  handover: { type: "handover" },
  spoiled: { type: "spoiled" },
  stop: { type: "stop" },
  reconfigured: { type: "reconfigured" },
  deadline: { type: "deadline" },
  opened: { type: "opened" },
  malformed: { type: "malformed", fault: new Fault("wire-bad-json", "not JSON"), again: true },
  closed: { type: "closed", ending: { how: "closed", code: 1006, reason: "", asked: false } },
  START: { type: "START", traceId: "t" },
  EVENT: { type: "EVENT", event: "EXCEEDED_AUDIO", traceId: "t" },
  RESULT: { type: "RESULT", traceId: "t", segments: [] },
  ERROR: { type: "ERROR", code: "SIS.0001", message: "m", traceId: null },
  FATAL_ERROR: { type: "FATAL_ERROR", code: "SIS.0304", message: "wait voice timeout", traceId: "t" },
  END: { type: "END", reason: "NORMAL", traceId: "t" },
};

const stray = "=: note(stray-reply)";
/** The service cannot say anything here; if it seems to, it is counted. */
const silent = {
  malformed: stray,
  START: stray,
  EVENT: stray,
  RESULT: stray,
  ERROR: "=: note(late-error)",
  FATAL_ERROR: "=: note(late-error)",
  END: stray,
};
/** These only matter while a session streams. */
const notNow = { starved: "=", limit: "=", handover: "=", spoiled: "=" };

/** `next phase → where it goes after closing: effects`; `=` the state stays as it is. */
const table: { readonly [S in keyof typeof states]: { readonly [E in EventType]: string } } = {
  idle: {
    ...silent,
    ...notNow,
    wanted: "connecting: connect wait(60000)",
    exhausted: "stopped: stopped",
    stop: "stopped: stopped",
    reconfigured: "=",
    deadline: "=",
    opened: "=",
    closed: "=",
  },
  connecting: {
    ...silent,
    ...notNow,
    wanted: "=",
    exhausted: "leaving → stopped: close wait(1000)",
    stop: "leaving → stopped: close wait(1000)",
    reconfigured: "leaving → connect: close wait(1000)",
    deadline: "leaving → waiting: error(link-timeout) close wait(1000)",
    opened: "starting: start wait(10000)",
    closed: "waiting: error(link-lost) backing-off wait(750)",
  },
  starting: {
    ...notNow,
    wanted: "=",
    exhausted: "leaving → stopped: close wait(1000)",
    stop: "leaving → stopped: close wait(1000)",
    reconfigured: "leaving → connect: close wait(1000)",
    deadline: "leaving → waiting: error(link-timeout) close wait(1000)",
    opened: "=",
    malformed: "=: note(malformed-message)",
    closed: "waiting: error(link-lost) backing-off wait(750)",
    START: "streaming: begin streaming wait(10000)",
    EVENT: "=: note(late-event)",
    RESULT: "=: note(late-result) deliver",
    ERROR: "resting: error(SIS.0001) backing-off wait(500)",
    FATAL_ERROR: "doomed: error(SIS.0304) wait(2000)",
    END: "=: note(stray-reply)",
  },
  streaming: {
    wanted: "=",
    exhausted: "ending: end wait(15000)",
    starved: "ending: end wait(5000)",
    limit: "ending: cancel wait(5000)",
    handover: "ending: end wait(5000)",
    spoiled: "failing: cancel wait(2000)",
    stop: "ending: end wait(1500)",
    reconfigured: "ending: end wait(3000)",
    deadline: "streaming: healthy",
    opened: "=",
    malformed: "failing: note(malformed-message) error(wire-bad-json) cancel wait(2000)",
    closed: "waiting: error(link-lost) over(finals) backing-off wait(750)",
    START: "=: note(start-answered-twice)",
    EVENT: "ending: wait(1500)",
    RESULT: "=: deliver",
    ERROR: "failing: error(SIS.0001) wait(2000)",
    FATAL_ERROR: "doomed: error(SIS.0304) over(finals) wait(2000)",
    END: "resting: error(unasked-end) note(unasked-end) over(finals) backing-off wait(500)",
  },
  "ending (exhausted)": {
    wanted: "=",
    exhausted: "=",
    starved: "=",
    limit: "=",
    handover: "=",
    spoiled: "failing: cancel wait(2000)",
    stop: "ending: wait(1500)",
    reconfigured: "ending: wait(3000)",
    deadline: "leaving → waiting: note(end-missing) error(link-timeout) over(finals) close wait(1000)",
    opened: "=",
    malformed: "failing: note(malformed-message) error(wire-bad-json) cancel wait(2000)",
    closed: "waiting: note(closed-without-end) error(link-lost) over(finals) backing-off wait(750)",
    START: "=: note(start-answered-twice)",
    EVENT: "ending",
    RESULT: "=: deliver",
    ERROR: "failing: error(SIS.0001) wait(2000)",
    FATAL_ERROR: "doomed: error(SIS.0304) over(finals) wait(2000)",
    END: "lingering: over(sent) healthy wait(300)",
  },
  failing: {
    ...notNow,
    wanted: "=",
    exhausted: "=",
    stop: "leaving → stopped: over(finals) close wait(1000)",
    reconfigured: "failing",
    deadline: "leaving → waiting: note(end-missing) over(finals) close wait(1000)",
    opened: "=",
    malformed: "=: note(malformed-message)",
    closed: "waiting: note(closed-without-end) over(finals) backing-off wait(700)",
    START: "=: note(start-answered-twice)",
    EVENT: "=",
    RESULT: "=: deliver",
    ERROR: "=: note(late-error)",
    FATAL_ERROR: "doomed: error(SIS.0304) over(finals) wait(2000)",
    END: "resting: over(finals) backing-off wait(700)",
  },
  resting: {
    ...notNow,
    wanted: "=",
    exhausted: "leaving → stopped: close wait(1000)",
    stop: "leaving → stopped: close wait(1000)",
    reconfigured: "leaving → connect: close wait(1000)",
    deadline: "starting: start wait(10000)",
    opened: "=",
    malformed: "=: note(malformed-message)",
    closed: "waiting: error(link-lost) backing-off wait(750)",
    START: "=: note(stray-reply)",
    EVENT: "=: note(late-event)",
    RESULT: "=: note(late-result) deliver",
    ERROR: "=: note(late-error)",
    FATAL_ERROR: "doomed: error(SIS.0304) wait(2000)",
    END: "=: note(stray-reply)",
  },
  lingering: {
    ...notNow,
    wanted: "=",
    exhausted: "=",
    stop: "leaving → stopped: close wait(1000)",
    reconfigured: "=",
    deadline: "leaving → stopped: close wait(1000)",
    opened: "=",
    malformed: "=: note(malformed-message)",
    closed: "stopped: stopped",
    START: "=: note(stray-reply)",
    EVENT: "=: note(late-event)",
    RESULT: "=: note(late-result) deliver",
    ERROR: "=: note(late-error)",
    FATAL_ERROR: "=: note(late-error)",
    END: "=: note(stray-reply)",
  },
  doomed: {
    ...silent,
    ...notNow,
    wanted: "=",
    exhausted: "=",
    stop: "leaving → stopped: close wait(1000)",
    reconfigured: "doomed",
    deadline: "=: destroy",
    opened: "=",
    closed: "waiting: backing-off wait(700)",
  },
  leaving: {
    ...silent,
    ...notNow,
    wanted: "=",
    exhausted: "leaving → stopped",
    stop: "leaving → stopped",
    reconfigured: "leaving → connect",
    deadline: "=: destroy",
    opened: "=",
    closed: "waiting: backing-off wait(700)",
  },
  waiting: {
    ...silent,
    ...notNow,
    wanted: "=",
    exhausted: "stopped: stopped",
    stop: "stopped: stopped",
    reconfigured: "connecting: connect wait(60000)",
    deadline: "connecting: connect wait(60000)",
    opened: "=",
    closed: "=",
  },
  stopped: {
    ...silent,
    ...notNow,
    wanted: "=",
    exhausted: "=",
    stop: "=",
    reconfigured: "=",
    deadline: "=",
    opened: "=",
    closed: "=",
  },
};

function effectName(effect: Effect): string {
  switch (effect.do) {
    case "wait":
      return `wait(${effect.ms})`;
    case "note":
      return `note(${effect.irregularity})`;
    case "end":
      return effect.cancel ? "cancel" : "end";
    case "end-session":
      return `over(${effect.settle})`;
    case "begin-session":
      return "begin";
    case "report":
      if (effect.report.type === "phase") return effect.report.phase;
      return effect.report.type === "error" ? `error(${effect.report.error.code})` : effect.report.type;
    default:
      return effect.do;
  }
}

function described(before: State, { next, effects }: Step): string {
  const target =
    next.phase === "leaving" && next !== before ? ` → ${typeof next.next === "string" ? next.next : "waiting"}` : "";
  const where = next === before ? "=" : `${next.phase}${target}`;
  return effects.length === 0 ? where : `${where}: ${effects.map(effectName).join(" ")}`;
}

describe("every state × every event", () => {
  for (const [name, state] of Object.entries(states)) {
    test(name, () => {
      const row = Object.fromEntries(
        Object.entries(events).map(([type, event]) => [type, described(state, step(state, event, context))]),
      );
      assert.deepEqual(row, table[name as keyof typeof table]);
    });
  }
});

function walk(state: State, ...steps: readonly (readonly [Event, string])[]): State {
  let current = state;
  for (const [event, expected] of steps) {
    const result = step(current, event, context);
    assert.equal(described(current, result), expected);
    current = result.next;
  }
  return current;
}

const error = (code: string): Event => ({ type: "ERROR", code, message: "m", traceId: null });

test("ERROR in a session: its END, a wait, and a new START on the same connection", () => {
  walk(
    states.streaming,
    [error("SIS.30006"), "failing: error(SIS.30006) wait(2000)"],
    [{ type: "END", reason: "ERROR", traceId: null }, "resting: over(finals) backing-off wait(500)"],
    [events.deadline, "starting: start wait(10000)"],
  );
});

test("START refused: config and account hold without a connection; credentials are renewed once at once, then slowly", () => {
  walk(
    states.starting,
    [error("SIS.0032"), "leaving → waiting: error(SIS.0032) close wait(1000)"],
    [events.closed, "waiting: held wait(45000)"],
  );
  walk(states.starting, [error("SIS.0103"), "leaving → waiting: error(SIS.0103) close wait(1000)"]);
  const renewed = walk(
    states.starting,
    [error("SIS.0101"), "leaving → waiting: error(SIS.0101) renew-credentials close wait(1000)"],
    [events.closed, "waiting: backing-off wait(0)"],
    [events.deadline, "connecting: connect wait(60000)"],
    [events.opened, "starting: start wait(10000)"],
  );
  walk(
    renewed,
    [error("SIS.0101"), "leaving → waiting: error(SIS.0101) renew-credentials close wait(1000)"],
    [events.closed, "waiting: backing-off wait(90000)"],
  );
});

test("a connection that the service closes after one session is replaced at once; a new one that closes is a failure", () => {
  const closed: Event = { type: "closed", ending: { how: "closed", code: 1000, reason: "", asked: false } };
  walk({ ...states.starting, reused: true }, [closed, "connecting: connect wait(60000)"]);
  walk(states.starting, [closed, "waiting: error(link-lost) backing-off wait(750)"]);
});

test("a START that worked before and is refused now: the order is suspected first, then the error is believed", () => {
  const again = walk(
    { ...states.starting, reused: true },
    [error("SIS.0032"), "leaving → waiting: error(SIS.0032) close wait(1000)"],
    [events.closed, "waiting: backing-off wait(500)"],
    [events.deadline, "connecting: connect wait(60000)"],
    [events.opened, "starting: start wait(10000)"],
  );
  walk(again, [error("SIS.0032"), "leaving → waiting: error(SIS.0032) close wait(1000)"]);
});

test("an order of ours that the service did not expect ends the connection", () => {
  walk(states.starting, [error("SIS.0418"), "leaving → waiting: error(SIS.0418) close wait(1000)"]);
});

test("FATAL_ERROR: the service disconnects; when it does not, we do; then back-off", () => {
  walk(
    states.streaming,
    [events.FATAL_ERROR, "doomed: error(SIS.0304) over(finals) wait(2000)"],
    [events.deadline, "=: destroy"],
    [events.closed, "waiting: backing-off wait(500)"],
    [events.deadline, "connecting: connect wait(60000)"],
  );
});

test("Retry-After is honoured, with jitter on top", () => {
  const diagnosis = {
    code: "HTTP.429",
    known: true,
    class: "throttled",
    action: "back-off",
    meaning: "",
    hint: "",
  } as const;
  const ending = {
    how: "refused",
    diagnosis,
    message: "",
    retryAfterMs: 60_000,
    serverDateMs: null,
  } as const;
  walk(states.connecting, [{ type: "closed", ending }, "waiting: error(HTTP.429) backing-off wait(65000)"]);
});

test("sentence mode: the session ends after the sentence, by the service or by us, and the next one starts", () => {
  const sentence = { ...context, mode: "sentence" } as const;
  const voiceEnd: Event = { type: "EVENT", event: "VOICE_END", traceId: "t" };
  const ending = step(states.streaming, voiceEnd, sentence);
  assert.equal(described(states.streaming, ending), "ending: wait(1500)");
  const byService = step(ending.next, events.END, sentence);
  assert.equal(described(ending.next, byService), "starting: over(sentence) healthy start wait(10000)");
  const asked = step(ending.next, events.deadline, sentence);
  assert.equal(described(ending.next, asked), "ending: end wait(5000)");
  const silence: Event = { type: "EVENT", event: "EXCEEDED_SILENCE", traceId: "t" };
  const sentenceResult: Event = {
    type: "RESULT",
    traceId: "t",
    segments: [{ startMs: 0, endMs: 900, isFinal: true, result: { text: "x", score: 1, words: [] } }],
  };
  assert.equal(
    described(states.streaming, step(states.streaming, sentenceResult, sentence)),
    "ending: deliver wait(500)",
    "its result ends a sentence, too",
  );
  const silent = step(step(states.streaming, silence, sentence).next, events.END, sentence);
  assert.deepEqual(silent.effects[0], { do: "end-session", settle: "silence", reason: "silence" });
});

test("a session that is rolled over is followed on its connection, or on a new one where that is near its limit", () => {
  const spent = { ...context, spent: true };
  const ending = step(states.streaming, { type: "limit", cancel: false }, context).next;
  assert.equal(
    described(ending, step(ending, events.END, context)),
    "starting: over(sent) healthy start wait(10000)",
    "the connection lasts",
  );
  const late = step(ending, events.END, spent);
  assert.equal(described(ending, late), "lingering: over(sent) healthy wait(300)");
  walk(
    late.next,
    [events.RESULT, "=: note(late-result) deliver"],
    [events.deadline, "leaving → connect: close wait(1000)"],
  );
});

test("no other session is started on a connection that is near its limit", () => {
  const spent = { ...context, spent: true };
  for (const [state, event] of [
    [states.failing, { type: "END", reason: "ERROR", traceId: null }],
    [states.starting, error("SIS.0001")],
    [states.streaming, events.END],
  ] as const) {
    assert.equal(step(state, event, spent).next.phase, "leaving");
    assert.equal(step(state, event, context).next.phase, "resting");
  }
});

test("a session that was handed over gives its last results and is gone; unless it gives not all of them", () => {
  const handed = walk(states.streaming, [events.handover, "ending: end wait(5000)"]);
  walk(
    handed,
    [events.RESULT, "=: deliver"],
    [events.END, "lingering: over(sent) healthy wait(300)"],
    [events.deadline, "leaving → stopped: close wait(1000)"],
    [events.closed, "stopped: stopped"],
  );
  const again = "starting: over(finals) start wait(10000)";
  walk(handed, [{ type: "END", reason: "CANCEL", traceId: null }, again]);
  const deaf: Event = { type: "EVENT", event: "EXCEEDED_AUDIO", traceId: "t" };
  walk(handed, [deaf, "ending"], [events.END, "starting: over(finals) healthy start wait(10000)"]);
  walk(handed, [
    events.deadline,
    "leaving → waiting: note(end-missing) error(link-timeout) over(finals) close wait(1000)",
  ]);
});

test("a service that cancels what it was asked to finish is asked again later each time, and not for ever", () => {
  const cancelled = { type: "END", reason: "CANCEL", traceId: null } as const;
  const barren = { ...context, productive: false };
  const ending = states["ending (exhausted)"];
  const first = step(ending, cancelled, barren);
  assert.equal(first.next.phase, "resting");
  assert.equal(first.next.standing.failures, 1);
  const tried = { ...ending, standing: { ...standing, endless: 9 } };
  assert.equal(described(tried, step(tried, cancelled, barren)), "leaving → stopped: over(finals) close wait(1000)");
});

test("a finite source is not given up because of failures that have nothing to do with its end", () => {
  const outage = { ...states["ending (exhausted)"], standing: { ...standing, failures: 30 } };
  for (const event of [events.deadline, events.closed, { type: "END", reason: "CANCEL", traceId: null } as const]) {
    const barren = step(outage, event, { ...context, productive: false });
    assert.doesNotMatch(described(outage, barren), /stopped/);
  }
});

test("a message that cannot be read makes the audio go out again; an unknown kind of message does not", () => {
  const unknown: Event = { type: "malformed", fault: new Fault("wire-unknown-type", "PROGRESS"), again: false };
  assert.equal(described(states.streaming, step(states.streaming, unknown, context)), "=: note(malformed-message)");
  assert.equal(step(states.streaming, events.malformed, context).next.phase, "failing");
});

test("END may take as long as a slow service needs for what it was sent, unless we are in a hurry", () => {
  const behind = { ...context, owedMs: 20_000 };
  const waits = (event: Event) => described(states.streaming, step(states.streaming, event, behind));
  assert.equal(waits(events.exhausted), "ending: end wait(35000)");
  assert.equal(waits(events.handover), "ending: end wait(25000)");
  assert.equal(waits({ type: "limit", cancel: false }), "ending: end wait(25000)");
  assert.equal(waits({ type: "limit", cancel: true }), "ending: cancel wait(5000)");
  assert.equal(waits(events.stop), "ending: end wait(1500)");
});

test("any walk keeps the promises: one connection, one START at a time, sessions paired, audio only while streaming", () => {
  const modes = fc.constantFrom("continuous", "sentence", "short") as fc.Arbitrary<Context["mode"]>;
  const progress = fc.constantFrom(events.wanted, events.opened, events.START, events.deadline);
  const trouble = fc.constantFrom(
    ...Object.values(events),
    error("SIS.0101"),
    error("SIS.0032"),
    error("SIS.0418"),
    { type: "EVENT", event: "VOICE_END", traceId: "t" } as const,
    { type: "EVENT", event: "EXCEEDED_SILENCE", traceId: "t" } as const,
    { type: "END", reason: "ERROR", traceId: null } as const,
    { type: "END", reason: "CANCEL", traceId: null } as const,
  );
  const anyEvent = fc.oneof({ arbitrary: progress, weight: 3 }, { arbitrary: trouble, weight: 1 });
  const anywhere = fc.array(anyEvent, { maxLength: 100, size: "max" });
  const walks = fc.oneof(
    anywhere,
    anywhere.map((walk) => [events.wanted, events.opened, events.START, ...walk]),
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(modes, walks, fc.string(), (mode, walked, seed) => {
      const random = seededRandom(seed);
      let state: State = states.idle;
      let connected: "no" | "dialling" | "yes" = "no";
      let startOutstanding = false;
      let inSession = false;
      for (const [index, event] of walked.entries()) {
        // The link's own promises: nothing comes from a connection that is not there.
        if (event.type === "opened" && connected !== "dialling") continue;
        if (event.type === "closed" && connected === "no") continue;
        const fromLink = event.type === event.type.toUpperCase() || event.type === "malformed";
        if (fromLink && connected !== "yes") continue;
        if (event.type === "opened") connected = "yes";
        if (event.type === "closed") connected = "no";
        const { next, effects } = step(state, event, {
          nowMs: index * 1000,
          random,
          mode,
          productive: index % 3 > 0,
          advanced: index % 4 > 1,
          spent: index % 5 > 2,
          arrived: index % 7 > 0,
          owedMs: index,
        });
        for (const effect of effects) {
          if (effect.do === "connect") {
            assert.equal(connected, "no");
            connected = "dialling";
            startOutstanding = false;
          }
          if (effect.do === "start") {
            assert.equal(connected, "yes");
            assert.equal(startOutstanding, false, "START sent twice");
            assert.equal(inSession, false);
            startOutstanding = true;
          }
          if (effect.do === "begin-session") {
            assert.equal(inSession, false);
            inSession = true;
          }
          if (effect.do === "end-session") {
            assert.equal(inSession, true);
            inSession = false;
            startOutstanding = false;
          }
          if (effect.do === "wait") assert.ok(Number.isFinite(effect.ms) && effect.ms >= 0);
        }
        if (event.type === "ERROR" && state.phase === "starting") startOutstanding = false;
        const sessionPhase = next.phase === "streaming" || next.phase === "ending" || next.phase === "failing";
        assert.equal(inSession, sessionPhase, `in ${next.phase} after ${event.type} in ${state.phase}`);
        if (next.phase === "stopped" || next.phase === "waiting" || next.phase === "idle")
          assert.equal(connected, "no");
        if (event.type === "ERROR") assert.notEqual(next.phase, "streaming");
        state = next;
        seen.add(state.phase);
      }
    }),
    { numRuns: 4000 },
  );
  const everyPhase = Object.values(states).map((each) => each.phase);
  assert.deepEqual([...seen].toSorted(), everyPhase.toSorted(), "the walk reaches every phase");
});
