import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decidedOnLeaving,
  decidedStaying,
  type GateEvent,
  type GatePhase,
  type GateState,
  type Muting,
  stepGate,
} from "../../../src/audio/gate/machine.ts";

const shut: GateState = { phase: "shut" };
const open: GateState = { phase: "open", until: 1050 };
const held: GateState = { phase: "held" };
const always: GateState = { phase: "always" };
const opened: GateState = { phase: "open", until: 1100 };
const muted = (after: "shut" | "held" | "always", ...mutes: readonly Muting[]): GateState => ({
  phase: "muted",
  mutes: mutes.length === 0 ? ["muted"] : mutes,
  after,
});

const speech: GateEvent = { type: "frame", speech: true };
const nothing: GateEvent = { type: "frame", speech: false };
const press: GateEvent = { type: "press" };
const release: GateEvent = { type: "release" };
const missed: GateEvent = { type: "missed", samples: 50 };
const mute: GateEvent = { type: "mute", why: "muted" };
const unmute: GateEvent = { type: "unmute", why: "muted" };
const speak: GateEvent = { type: "mute", why: "speaking" };

/** At position 1000, with a hangover of 100. */
const rows: readonly (readonly [GateState, GateEvent, GateState])[] = [
  [shut, speech, opened],
  [shut, nothing, shut],
  [shut, press, held],
  [shut, release, shut],
  [shut, missed, shut],
  [shut, mute, muted("shut")],
  [shut, unmute, shut],
  [open, speech, opened],
  [{ phase: "open", until: 9999 }, speech, { phase: "open", until: 9999 }],
  [open, nothing, open],
  [{ phase: "open", until: 1000 }, nothing, shut],
  [open, press, held],
  [open, release, open],
  [open, missed, shut],
  [{ phase: "open", until: 1051 }, missed, { phase: "open", until: 1001 }],
  [open, mute, muted("shut")],
  [open, unmute, open],
  [held, speech, held],
  [held, nothing, held],
  [held, press, held],
  [held, release, opened],
  [held, missed, held],
  [held, mute, muted("held")],
  [held, unmute, held],
  [always, speech, always],
  [always, nothing, always],
  [always, press, always],
  [always, release, always],
  [always, missed, always],
  [always, mute, muted("always")],
  [always, unmute, always],
  [muted("shut"), speech, muted("shut")],
  [muted("shut"), nothing, muted("shut")],
  [muted("shut"), press, muted("held")],
  [muted("always"), press, muted("always")],
  [muted("held"), release, muted("shut")],
  [muted("always"), release, muted("always")],
  [muted("held"), missed, muted("held")],
  [muted("shut"), mute, muted("shut", "muted", "muted")],
  [muted("shut", "muted", "muted"), unmute, muted("shut")],
  [shut, speak, muted("shut", "speaking")],
  [muted("shut", "speaking"), mute, muted("shut", "speaking", "muted")],
  [muted("shut", "muted", "speaking"), unmute, muted("shut", "speaking")],
  [muted("shut", "speaking"), unmute, muted("shut", "speaking")],
  [muted("shut"), unmute, shut],
  [muted("held"), unmute, held],
  [muted("always"), unmute, always],
];

for (const [state, event, target] of rows) {
  test(`${JSON.stringify(state)} on ${JSON.stringify(event)}: ${JSON.stringify(target)}`, () => {
    assert.deepEqual(stepGate(state, event, { at: 1000, hangover: 100 }), target);
  });
}

test("every state meets every event in the rows above", () => {
  const phases: readonly GatePhase[] = ["shut", "open", "held", "always", "muted"];
  const events: readonly GateEvent["type"][] = ["frame", "press", "release", "missed", "mute", "unmute"];
  for (const phase of phases) {
    for (const type of events) {
      assert.ok(
        rows.some(([state, event]) => state.phase === phase && event.type === type),
        `${phase} ${type}`,
      );
    }
  }
});

test("what is decided when the gate moves, and while it stays", () => {
  assert.equal(decidedOnLeaving(shut, opened, 1000), null, "what was kept passes");
  assert.equal(decidedOnLeaving(shut, held, 1000), null);
  assert.equal(decidedOnLeaving(open, opened, 1000), null);
  assert.deepEqual(decidedOnLeaving(shut, muted("shut"), 1000), { upTo: 1000, verdict: "silence" });
  assert.deepEqual(decidedOnLeaving(open, shut, 1000), { upTo: 1000, verdict: "send" });
  assert.deepEqual(decidedOnLeaving(held, muted("held"), 1000), { upTo: 1000, verdict: "send" });
  assert.deepEqual(decidedOnLeaving(muted("held"), held, 1000), { upTo: 1000, verdict: "muted" });
  assert.deepEqual(decidedStaying(shut, 1000, 300), { upTo: 700, verdict: "silence" });
  assert.deepEqual(decidedStaying(open, 1000, 300), { upTo: 1000, verdict: "send" });
  assert.deepEqual(decidedStaying(muted("shut"), 1000, 300), { upTo: 1000, verdict: "muted" });
  assert.deepEqual(decidedStaying(muted("shut", "speaking"), 1000, 300), { upTo: 1000, verdict: "speaking" });
  assert.deepEqual(decidedStaying(muted("shut", "speaking", "muted"), 1000, 300), { upTo: 1000, verdict: "muted" });
});
