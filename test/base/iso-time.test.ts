import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isoTime } from "../../src/base/iso-time.ts";

test("it is what Date makes of it", () => {
  const times = fc.double({ min: Date.UTC(-1, 12), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999), noNaN: true });
  fc.assert(fc.property(times, (ms) => assert.equal(isoTime(ms), new Date(ms).toISOString())));
  assert.throws(() => isoTime(Number.NaN), RangeError);
});
