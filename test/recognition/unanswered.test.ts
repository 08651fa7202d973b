import assert from "node:assert/strict";
import { test } from "node:test";
import { Unanswered } from "../../src/recognition/unanswered.ts";

/** A tenth of a second each, this loud. */
function sound(...amplitudes: readonly number[]): Unanswered {
  const unanswered = new Unanswered(8_000);
  for (const amplitude of amplitudes) unanswered.add(wave(amplitude, 0));
  return unanswered;
}

function wave(amplitude: number, offset: number): Int16Array {
  return Int16Array.from({ length: 800 }, (_, n) => offset + (n % 2 === 0 ? amplitude : -amplitude));
}

const times = (count: number, amplitude: number) => Array.from({ length: count }, () => amplitude);

test("what is quiet is done with, up to what is loud", () => {
  const unanswered = sound(...times(30, 10), ...times(6, 5_000), ...times(30, 10));
  assert.deepEqual(unanswered.quietTo(1_500), { toMs: 1_500, thenLoud: false });
  assert.deepEqual(unanswered.quietTo(3_000), { toMs: 3_000, thenLoud: false });
  assert.deepEqual(unanswered.quietTo(3_300), { toMs: 3_000, thenLoud: true });
  assert.deepEqual(unanswered.quietTo(9_000), { toMs: 3_000, thenLoud: true });
});

test("steady noise is quiet, what is 6 dB above it is not; below −55 dBFS all is", () => {
  assert.deepEqual(sound(...times(30, 900)).quietTo(3_000), { toMs: 3_000, thenLoud: false });
  assert.deepEqual(sound(...times(15, 1_700), ...times(15, 900)).quietTo(3_000), { toMs: 3_000, thenLoud: false });
  assert.deepEqual(sound(...times(15, 900), ...times(15, 1_900)).quietTo(3_000), { toMs: 1_500, thenLoud: true });
  assert.deepEqual(sound(...times(15, 57), ...times(15, 1)).quietTo(3_000), { toMs: 3_000, thenLoud: false });
});

test("the noise is known by the quietest, also what comes only after it", () => {
  const unanswered = sound(...times(15, 5_000), ...times(30, 900));
  assert.deepEqual(unanswered.quietTo(1_500), { toMs: 0, thenLoud: true });
});

test("a result answers what lies before its end, and what rings out after it; not what is said next", () => {
  const unanswered = sound(
    ...times(30, 10),
    ...times(6, 5_000),
    ...times(30, 10),
    ...times(6, 5_000),
    ...times(30, 10),
  );
  unanswered.answered(3_500);
  assert.deepEqual(unanswered.quietTo(3_300), { toMs: 3_500, thenLoud: false });
  assert.deepEqual(unanswered.quietTo(9_000), { toMs: 6_600, thenLoud: true });
  const soon = sound(...times(6, 5_000), ...times(4, 10), ...times(12, 5_000));
  soon.answered(600);
  assert.deepEqual(soon.quietTo(2_100), { toMs: 600, thenLoud: true });
});

test("a constant offset is not loud, and hides nothing that is", () => {
  const unanswered = new Unanswered(8_000);
  for (const amplitude of [...times(30, 1), ...times(15, 990), ...times(30, 1)]) unanswered.add(wave(amplitude, 600));
  assert.deepEqual(unanswered.quietTo(7_500), { toMs: 3_000, thenLoud: true });
});
