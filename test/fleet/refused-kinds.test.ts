import assert from "node:assert/strict";
import { test } from "node:test";
import { noneRefused, withRefused, withTaken } from "../../src/fleet/refused-kinds.ts";

const up = "sis/v1/lab/kiosk/up/";
const hourMs = 3_600_000;
const kinds = (all: ReadonlyMap<string, number>) => [...all.keys()].map((kind) => kind.slice(up.length));

test("a kind that was refused is refused until one of it is taken", () => {
  const refused = withRefused(withRefused(noneRefused, `${up}event/error`, 0), `${up}transcript`, 0);
  assert.deepEqual(kinds(refused), ["event", "transcript"]);
  assert.deepEqual(kinds(withTaken(refused, `${up}event/session`, 1)), ["transcript"]);
});

test("a kind that was not refused again for an hour, while others were taken, is forgotten", () => {
  const once = withRefused(noneRefused, `${up}transcript`, 0);
  assert.deepEqual(kinds(withTaken(once, `${up}state`, hourMs - 1)), ["transcript"]);
  assert.deepEqual(kinds(withTaken(once, `${up}state`, hourMs)), []);
});

test("a kind that is refused again is kept for another hour", () => {
  const again = withRefused(withRefused(noneRefused, `${up}transcript`, 0), `${up}transcript`, hourMs - 1);
  assert.deepEqual(kinds(withTaken(again, `${up}state`, 2 * hourMs - 2)), ["transcript"]);
  assert.deepEqual(kinds(withTaken(again, `${up}state`, 2 * hourMs - 1)), []);
});
