import assert from "node:assert/strict";
import { test } from "node:test";
import { Gain } from "../../src/audio/gain.ts";

const flat = (length: number, value = 1000) => new Int16Array(length).fill(value);

test("nothing is changed at 0 dB; louder and quieter are, and what is beyond full scale is cut off", () => {
  const samples = flat(100);
  assert.equal(new Gain(16_000).apply(samples, 0), samples);
  assert.deepEqual(new Gain(16_000).apply(samples, -20), flat(100, 100));
  assert.deepEqual(new Gain(16_000).apply(Int16Array.of(30_000, -30_000), 6), Int16Array.of(32_767, -32_768));
});

test("from one loudness to the next it glides, within 30 ms or the piece, and stays there", () => {
  const gain = new Gain(16_000);
  gain.apply(flat(10), 0);
  const quieter = gain.apply(flat(1_600), -20);
  const steps = [...quieter].map((value, n) => Math.abs(value - (quieter[n - 1] ?? 1000)));
  assert.ok(Math.max(...steps) <= 3, "nothing clicks");
  assert.deepEqual(quieter.subarray(480), flat(1_120, 100));
  assert.equal(gain.apply(flat(160), 0).at(-1), 1000);
  assert.deepEqual(gain.apply(flat(160), 0), flat(160));
});
