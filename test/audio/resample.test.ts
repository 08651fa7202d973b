import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Resampler } from "../../src/audio/resample.ts";

function sine(hertz: number, rate: number, samples: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * n) / rate));
}

function resample(input: Float32Array, fromRate: number, toRate: number, cutAt: readonly number[] = []): Float32Array {
  const resampler = new Resampler(fromRate, toRate);
  const pieces: Float32Array[] = [];
  let from = 0;
  for (const to of [...cutAt, input.length]) {
    pieces.push(resampler.push(input.subarray(from, to)));
    from = to;
  }
  pieces.push(resampler.end());
  return Float32Array.from(pieces.flatMap((piece) => [...piece]));
}

/** The power of the difference to what was expected, dB relative to the expected power. Edges are left out: there the input jumps. */
function errorDb(actual: Float32Array, expected: Float32Array): number {
  let error = 0;
  let power = 0;
  for (let n = 400; n < actual.length - 400; n += 1) {
    error += ((actual[n] ?? 0) - (expected[n] ?? 0)) ** 2;
    power += (expected[n] ?? 0) ** 2;
  }
  return 10 * Math.log10(error / power);
}

const conversions = [
  [44_100, 16_000],
  [48_000, 16_000],
  [48_000, 8_000],
  [22_050, 8_000],
  [11_025, 16_000],
  [8_000, 16_000],
  [16_000, 8_000],
  [96_000, 16_000],
  [44_101, 16_000],
] as const;

for (const [from, to] of conversions) {
  test(`${from} → ${to} Hz: a tone keeps its level and its place in time`, () => {
    for (const hertz of [100, 1_000, 3_000]) {
      const output = resample(sine(hertz, from, from), from, to);
      // Any delay shows as an error: a single sample at 1 kHz would be −8 dB.
      const db = errorDb(output, sine(hertz, to, to));
      assert.ok(db < -75, `${hertz} Hz: ${db.toFixed(1)} dB`);
    }
  });
}

for (const [from, to] of conversions.filter(([from, to]) => from > to)) {
  test(`${from} → ${to} Hz: what the new rate cannot hold is gone, not folded down`, () => {
    for (const hertz of [to / 2 + 50, to * 0.7, from * 0.49].filter((each) => each > to / 2)) {
      const output = resample(sine(hertz, from, from), from, to);
      const db =
        errorDb(
          output.map((value) => value + 1),
          new Float32Array(output.length).fill(1),
        ) + 9.03;
      assert.ok(db < -70, `${hertz} Hz: ${db.toFixed(1)} dB`);
    }
  });
}

test("the middle of the band is flat", () => {
  const output = resample(sine(6_500, 48_000, 48_000), 48_000, 16_000);
  assert.ok(errorDb(output, sine(6_500, 16_000, 16_000)) < -60);
});

test("the length is exact to the sample, and a click stays where it was, however the input is cut", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...conversions),
      fc.integer({ min: 0, max: 900 }),
      fc.array(fc.nat(900), { maxLength: 6 }),
      ([from, to], samples, cuts) => {
        const input = sine(440, from, samples);
        input[samples >> 1] = 0.9;
        const whole = resample(input, from, to);
        assert.equal(whole.length, Math.ceil((samples * to) / from));
        const cutAt = cuts.map((cut) => Math.min(cut, samples)).toSorted((a, b) => a - b);
        assert.deepEqual(resample(input, from, to, cutAt), whole);
      },
    ),
    { numRuns: 300 },
  );
});

test("what is held back is a few milliseconds, and a minute of sound is exactly a minute", () => {
  const resampler = new Resampler(44_100, 16_000);
  const second = new Float32Array(44_100);
  let samples = 0;
  for (let seconds = 1; seconds <= 60; seconds += 1) {
    samples += resampler.push(second).length;
    const late = seconds * 16_000 - samples;
    assert.ok(late >= 0 && late < 16 * 4, `${late} samples held back after ${seconds} s`);
  }
  assert.equal(samples + resampler.end().length, 60 * 16_000);
});
