import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { plainDtmf } from "../../src/simulator/dtmf.ts";
import { DtmfDetector } from "../../src/simulator/dtmf-detector.ts";
import {
  accountNumbers,
  type NumberShape,
  numberSamples,
  numberSound,
  numbersWithin,
  numberWord,
  plainNumbers,
} from "../../src/simulator/numbers.ts";
import { digitWords } from "../../src/simulator/segment.ts";

suite("running numbers", () => {
  test("each word is where it is said to be", () => {
    for (const sampleRate of [8000, 16000] as const) {
      const shape = plainNumbers(sampleRate);
      const detector = new DtmfDetector(sampleRate);
      const words = digitWords([...detector.push(numberSound(12, shape)), ...detector.finish()]);
      assert.deepEqual(
        words.map((word) => word.text),
        Array.from({ length: 12 }, (_, index) => numberWord(index + 1, shape).text),
      );
      for (const [index, word] of words.entries()) {
        const { startMs, endMs } = numberWord(index + 1, shape);
        assert.ok(Math.abs(word.startMs - startMs) <= 10 && Math.abs(word.endMs - endMs) <= 10);
      }
    }
  });

  test("any part of the sound is the same as that part of the whole", () => {
    const shape: NumberShape = { sampleRate: 8000, firstAtMs: 120, everyMs: 500, digits: 3, tones: plainDtmf };
    const whole = numberSound(9, shape);
    assert.equal(whole.length, (120 + 9 * 500) * 8);
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length), (a, b) => {
        const from = Math.min(a, b);
        const length = Math.max(a, b) - from;
        assert.deepEqual(numberSamples(from, length, shape), whole.slice(from, from + length));
      }),
      { numRuns: 200 },
    );
  });

  test("far into the sound it costs no more than at its start", () => {
    const shape: NumberShape = { ...plainNumbers(16000), digits: 6 };
    const dayMs = 86_400_000;
    const samples = numberSamples(dayMs * 16, 16_000 * 3, shape);
    const detector = new DtmfDetector(16000);
    const words = digitWords([...detector.push(samples), ...detector.finish()]);
    const first = Math.ceil((dayMs - shape.firstAtMs) / shape.everyMs) + 1;
    assert.ok(
      words.some((word) => word.text === String(first).padStart(6, "0")),
      words.map((word) => word.text).join(),
    );
  });

  test("counts the words that are complete in a stretch of sound", () => {
    const shape = plainNumbers(16000);
    const { endMs } = numberWord(5, shape);
    assert.equal(numbersWithin(endMs - 1, shape), 4);
    assert.equal(numbersWithin(endMs, shape), 5);
    assert.equal(numbersWithin(0, shape), 0);
  });

  for (const [name, sent, texts, expected] of [
    ["all well", 3, ["0001", "0002 0003"], { heard: 3, lost: 0, doubled: 0, outOfOrder: 0, other: 0 }],
    ["punctuation is no word", 2, ["0001。", "0002。"], { heard: 2, lost: 0, doubled: 0, outOfOrder: 0, other: 0 }],
    ["lost", 4, ["0001", "0004"], { heard: 2, lost: 2, doubled: 0, outOfOrder: 0, other: 0 }],
    ["doubled", 2, ["0001 0002", "0002 0002"], { heard: 2, lost: 0, doubled: 2, outOfOrder: 0, other: 0 }],
    ["out of order", 3, ["0002 0001 0003"], { heard: 3, lost: 0, doubled: 0, outOfOrder: 1, other: 0 }],
    [
      "pieces and strangers",
      3,
      ["001 0009 sound(100ms,-20dBFS) 12A4"],
      { heard: 0, lost: 3, doubled: 0, outOfOrder: 0, other: 4 },
    ],
    ["nothing", 0, [""], { heard: 0, lost: 0, doubled: 0, outOfOrder: 0, other: 0 }],
  ] as const) {
    test(`account: ${name}`, () => {
      assert.deepEqual(accountNumbers(sent, texts, 4), { sent, ...expected });
    });
  }
});
