import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { noLull, stepLull } from "../../src/recognition/lull.ts";

/** Whether it is a lull after each 100 ms of sound with these amplitudes of noise. */
function lulls(amplitudes: readonly number[]): readonly boolean[] {
  const random = seededRandom("noise");
  let lull = noLull;
  return amplitudes.map((amplitude) => {
    lull = stepLull(
      lull,
      Int16Array.from({ length: 1600 }, () => (random() * 2 - 1) * amplitude),
      16_000,
    );
    return lull.quiet;
  });
}

const noisy = 600;
const speech = 8000;

test("in a noisy room the pauses between words are lulls, after 300 ms; the words and short gaps are not", () => {
  const heard = lulls([
    noisy,
    noisy,
    noisy,
    speech,
    speech,
    noisy,
    noisy,
    speech,
    speech,
    noisy,
    noisy,
    noisy,
    noisy,
    speech,
  ]);
  assert.deepEqual(
    heard.map((quiet, index) => (quiet ? index : null)).filter((index) => index !== null),
    [11, 12],
  );
});

test("sound that never changes is no lull, however long; digital silence and near silence are", () => {
  assert.ok(lulls(Array(100).fill(speech)).every((quiet) => !quiet));
  assert.ok(lulls(Array(10).fill(0)).slice(2).every(Boolean));
  assert.ok(lulls(Array(10).fill(40)).slice(2).every(Boolean));
});
