import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Blame,
  goesAlone,
  isGuilty,
  type Suspicion,
  suspicionOfOthers,
  suspicionOfSent,
  unsuspected,
} from "../../src/fleet/suspicion.ts";

/** What the ends of connections say, one a minute, of a message that was in flight each time. */
const afterEnds = (...blames: readonly Blame[]) =>
  blames.reduce((before, blame, n) => suspicionOfSent(before, blame, n * 60_000), unsuspected);

const aside: Suspicion & { is: "aside" } = { is: "aside", tries: 3, hangUps: 3, dueAtMs: 1_000 };
const plainly = (times: number) => Array.from({ length: times }, (): Blame => "plain");

test("twice it may be chance; then it goes alone, in its place", () => {
  assert.equal(goesAlone(afterEnds("shared")), false);
  assert.deepEqual(afterEnds("shared", "plain"), { is: "in-line", ends: 2 });
  assert.equal(goesAlone(afterEnds("shared", "shared")), true);
});

test("an end that has another cause says nothing of a message", () => {
  for (const blame of ["none", "bad-way"] as const) {
    assert.deepEqual(afterEnds("shared", blame), afterEnds("shared"));
    assert.deepEqual(suspicionOfSent(aside, blame, 5_000), aside);
  }
});

test("alone, it is set aside: at once due again where nothing else had got through, else after a while", () => {
  const after = (blame: Blame) => suspicionOfSent(afterEnds("shared", "shared"), blame, 1_000);
  assert.deepEqual(after("unproven"), { is: "aside", tries: 0, hangUps: 0, dueAtMs: 1_000 });
  assert.deepEqual(after("likely"), { is: "aside", tries: 1, hangUps: 0, dueAtMs: 121_000 });
  assert.deepEqual(after("plain"), { is: "aside", tries: 1, hangUps: 1, dueAtMs: 121_000 });
});

test("each try waits twice as long as the last, an hour at most", () => {
  let suspicion = afterEnds("shared", "shared");
  const waits = Array.from({ length: 8 }, () => {
    suspicion = suspicionOfSent(suspicion, "likely", 0);
    return suspicion.is === "aside" ? suspicion.dueAtMs / 60_000 : 0;
  });
  assert.deepEqual(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
});

test("only eight ends that nothing else explains make it guilty", () => {
  assert.equal(isGuilty(afterEnds("shared", "shared", ...plainly(7))), false);
  assert.equal(isGuilty(afterEnds("shared", "shared", ...plainly(8))), true);
  const never: readonly Blame[] = Array.from({ length: 1_000 }, (_, n) => (n % 2 === 0 ? "likely" : "unproven"));
  assert.equal(isGuilty(afterEnds(...never)), false);
});

test("a way that is bad by itself takes back what was held against what is set aside", () => {
  assert.deepEqual(suspicionOfOthers(aside, "bad-way", 0), { ...aside, hangUps: 0 });
  for (const blame of ["none", "shared", "unproven"] as const) assert.equal(suspicionOfOthers(aside, blame, 0), aside);
});

test("one at a time: after one was tried, all others that are set aside wait", () => {
  for (const blame of ["likely", "plain"] as const) {
    assert.deepEqual(suspicionOfOthers(aside, blame, 5_000), { ...aside, dueAtMs: 125_000 });
    assert.equal(suspicionOfOthers(unsuspected, blame, 5_000), unsuspected);
  }
});
