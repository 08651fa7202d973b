import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  type DtmfShape,
  dtmf,
  dtmfDigits,
  joined,
  plainDtmf,
  type SampleRate,
  samplesIn,
} from "../../src/simulator/dtmf.ts";
import { DtmfDetector, type Tone } from "../../src/simulator/dtmf-detector.ts";
import { babble, sine, withNoise } from "./sounds.ts";

const rates: readonly SampleRate[] = [8000, 16000];
/** Every digit, some twice in a row. */
const everyDigit = `${dtmfDigits}00**DD1`;

function detect(samples: Int16Array, sampleRate: SampleRate): Tone[] {
  const detector = new DtmfDetector(sampleRate);
  return [...detector.push(samples), ...detector.finish()];
}

function heard(samples: Int16Array, sampleRate: SampleRate): string {
  return detect(samples, sampleRate)
    .map((tone) => tone.digit)
    .join("");
}

function silence(ms: number, sampleRate: SampleRate): Int16Array {
  return new Int16Array(samplesIn(ms, sampleRate));
}

suite("the DTMF detector", () => {
  for (const sampleRate of rates) {
    for (const [toneMs, gapMs] of [
      [40, 30],
      [60, 40],
      [250, 120],
    ] as const) {
      test(`hears every digit at ${sampleRate} Hz, ${toneMs} ms on and ${gapMs} ms off, at any level and twist, in noise`, () => {
        for (const levelDbfs of [-40, -25, -4]) {
          for (const twistDb of [0, 8, -8]) {
            for (const noiseDb of [null, 15]) {
              const shape: DtmfShape = { sampleRate, toneMs, gapMs, levelDbfs, twistDb };
              const clean = joined([silence(91, sampleRate), dtmf(everyDigit, shape), silence(100, sampleRate)]);
              const samples =
                noiseDb === null ? clean : withNoise(clean, levelDbfs - noiseDb, `${levelDbfs}${twistDb}`);
              const tones = detect(samples, sampleRate);
              const which = `${levelDbfs} dBFS, twist ${twistDb}, noise ${noiseDb}`;
              assert.equal(tones.map((tone) => tone.digit).join(""), everyDigit, which);
              for (const [index, tone] of tones.entries()) {
                const startMs = 91 + index * (toneMs + gapMs);
                assert.ok(
                  Math.abs(tone.startMs - startMs) <= 10,
                  `${which}: starts at ${tone.startMs}, not ${startMs}`,
                );
                assert.ok(Math.abs(tone.endMs - startMs - toneMs) <= 10, `${which}: ends at ${tone.endMs}`);
                assert.ok(tone.quality > 0.85 && tone.quality <= 1);
              }
            }
          }
        }
      });
    }

    test(`hears nothing in silence, noise, pure tones and voices at ${sampleRate} Hz`, () => {
      const sounds = [
        silence(5000, sampleRate),
        withNoise(silence(20_000, sampleRate), -10, "loud"),
        withNoise(silence(20_000, sampleRate), -35, "soft"),
        ...[440, 697, 941, 1000, 1336, 1633].map((hz) => sine(hz, 500, -10, sampleRate)),
        babble(60, sampleRate, "a"),
        babble(60, sampleRate, "b"),
      ];
      for (const sound of sounds) assert.equal(heard(sound, sampleRate), "");
    });

    test(`is not misled by a constant offset, or by a voice before the digits, at ${sampleRate} Hz`, () => {
      const digits = dtmf("1590", { ...plainDtmf, sampleRate });
      assert.equal(
        heard(
          digits.map((sample) => sample + 3000),
          sampleRate,
        ),
        "1590",
      );
      assert.equal(heard(joined([babble(2, sampleRate, "c"), digits]), sampleRate), "1590");
    });
  }

  test("reports no tone under 25 ms and every tone from 40 ms on", () => {
    for (const sampleRate of rates) {
      for (let offset = 0; offset < 40; offset += 3) {
        for (const [ms, expected] of [
          [10, ""],
          [20, ""],
          [25, ""],
          [40, "7"],
          [45, "7"],
        ] as const) {
          const lead = new Int16Array(400 + offset);
          const samples = joined([lead, dtmf("7", { ...plainDtmf, sampleRate, toneMs: ms }), silence(50, sampleRate)]);
          assert.equal(heard(samples, sampleRate), expected, `${ms} ms at ${sampleRate} Hz, offset ${offset}`);
        }
      }
    }
  });

  test("a usual tone that a session boundary cuts in two is reported at most once", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...rates),
        fc.constantFrom(...dtmfDigits),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sampleRate, digit, where) => {
          const tone = dtmf(digit, { ...plainDtmf, sampleRate });
          const cut = Math.round(where * tone.length);
          const before = heard(joined([silence(30, sampleRate), tone.subarray(0, cut)]), sampleRate);
          const after = heard(joined([tone.subarray(cut), silence(30, sampleRate)]), sampleRate);
          assert.ok(before.length + after.length <= 1, `${before} and ${after} of ${digit}, cut at ${cut}`);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("gives the same tones however its input is cut", () => {
    const samples = withNoise(
      joined([silence(33, 16000), dtmf("0123456789", { ...plainDtmf, sampleRate: 16000 }), silence(77, 16000)]),
      -35,
      "cuts",
    );
    const whole = detect(samples, 16000);
    assert.equal(whole.length, 10);
    fc.assert(
      fc.property(fc.array(fc.nat(samples.length), { maxLength: 40 }), (cuts) => {
        const detector = new DtmfDetector(16000);
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), samples.length];
        const tones = bounds.flatMap((from, index) => detector.push(samples.subarray(from, bounds[index + 1] ?? from)));
        assert.deepEqual([...tones, ...detector.finish()], whole);
      }),
      { numRuns: 100 },
    );
  });

  test("digits that do not exist cannot be made", () => {
    assert.throws(() => dtmf("12X", { ...plainDtmf, sampleRate: 8000 }), RangeError);
  });

  test("a space is a pause", () => {
    const shape = { ...plainDtmf, sampleRate: 8000 } as const;
    const [first, second] = detect(dtmf("1   2", shape), 8000);
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(Math.abs(second.startMs - first.endMs - 4 * shape.gapMs) <= 10);
  });
});
