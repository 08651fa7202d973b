import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type LinkEffect,
  type LinkEvent,
  type LinkPhase,
  type PanelLink,
  patienceMs,
  silenceMs,
  stepLink,
} from "../../src/panel/link.ts";

const kind = { columns: 16, utf8: false };
const hello: LinkEvent = { type: "hello", kind };
const keys: LinkEvent = { type: "keys", counts: { talk: 0, mute: 0 } };
const [opened, closed, tick] = (["opened", "closed", "tick"] as const).map((type): LinkEvent => ({ type })) as [
  LinkEvent,
  LinkEvent,
  LinkEvent,
];

const states: Readonly<Record<LinkPhase, PanelLink>> = {
  closed: { phase: "closed" },
  greeting: { phase: "greeting", sinceMs: 0 },
  unanswered: { phase: "unanswered" },
  up: { phase: "up", kind, heardMs: 0 },
};

const rows: readonly (readonly [LinkPhase, LinkEvent, number, LinkPhase, readonly LinkEffect[]])[] = [
  ["closed", opened, 0, "greeting", ["greet"]],
  ["closed", closed, 0, "closed", []],
  ["closed", hello, 0, "closed", []],
  ["closed", keys, 0, "closed", []],
  ["closed", tick, 99_999, "closed", []],
  ["greeting", opened, 0, "greeting", []],
  ["greeting", closed, 0, "closed", []],
  ["greeting", hello, 0, "up", ["welcome"]],
  ["greeting", keys, 0, "greeting", []],
  ["greeting", tick, patienceMs - 1, "greeting", ["greet"]],
  ["greeting", tick, patienceMs, "unanswered", ["greet", "miss"]],
  ["unanswered", opened, 0, "unanswered", []],
  ["unanswered", closed, 0, "closed", []],
  ["unanswered", hello, 0, "up", ["welcome"]],
  ["unanswered", keys, 0, "unanswered", []],
  ["unanswered", tick, 99_999, "unanswered", ["greet"]],
  ["up", opened, 0, "up", []],
  ["up", closed, 0, "closed", ["forsake"]],
  ["up", hello, 0, "up", ["welcome"]],
  ["up", keys, 0, "up", []],
  ["up", tick, silenceMs - 1, "up", ["beat"]],
  ["up", tick, silenceMs, "unanswered", ["forsake", "miss", "greet"]],
];

test("every state and every event has a row", () => {
  assert.equal(new Set(rows.map(([phase, { type }]) => `${phase} ${type}`)).size, 4 * 5);
});

for (const [phase, event, nowMs, next, effects] of rows) {
  test(`${phase}, ${event.type} after ${nowMs} ms: ${next}, ${effects.join(" and ") || "nothing to do"}`, () => {
    const step = stepLink(states[phase], event, nowMs);
    assert.equal(step.next.phase, next);
    assert.deepEqual(step.effects, effects);
  });
}

test("a panel that goes on telling its keys stays", () => {
  let link = states.up;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
    link = stepLink(link, keys, nowMs).next;
    link = stepLink(link, tick, nowMs + 999).next;
  }
  assert.equal(link.phase, "up");
});
