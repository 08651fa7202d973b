import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editDistance, nearest } from "../../src/config/nearest.ts";

for (const [from, to, changes] of [
  ["", "", 0],
  ["", "abc", 3],
  ["mode", "mode", 0],
  ["mdoe", "mode", 1],
  ["propertie", "property", 2],
  ["ca", "abc", 3],
  ["kitten", "sitting", 3],
] as const) {
  test(`${changes} changes make "${to}" of "${from}"`, () => {
    assert.equal(editDistance(from, to), changes);
    assert.equal(editDistance(to, from), changes);
  });
}

for (const [word, expected] of [
  ["endpont", "endpoint"],
  ["ENDPOINT", "endpoint"],
  ["mdoe", "mode"],
  ["moed", "mode"],
  ["bananas", null],
  ["m", null],
  ["", null],
  ["endpoint".repeat(20), null],
] as const) {
  test(`nearest to "${word.slice(0, 20)}" is ${expected}`, () => {
    assert.equal(nearest(word, ["endpoint", "mode", "property"]), expected);
  });
}

test("a distance is symmetric, zero for the same word alone, never more than the longer word", () => {
  const word = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c") });
  fc.assert(
    fc.property(word, word, (one, other) => {
      const changes = editDistance(one, other);
      assert.equal(changes, editDistance(other, one));
      assert.equal(changes === 0, one === other);
      assert.ok(changes >= Math.abs(one.length - other.length));
      assert.ok(changes <= Math.max(one.length, other.length));
    }),
  );
});
