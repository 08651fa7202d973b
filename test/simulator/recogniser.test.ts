import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { dtmf, joined, plainDtmf, type SampleRate, samplesIn } from "../../src/simulator/dtmf.ts";
import { numberSamples, numberSound, numberWord, plainNumbers } from "../../src/simulator/numbers.ts";
import { type Finding, Recogniser, type RecogniserSettings } from "../../src/simulator/recogniser.ts";
import { babble, sine, withNoise } from "./sounds.ts";

const usual: RecogniserSettings = {
  sampleRate: 16000,
  vadTailMs: 500,
  longestMs: 30_000,
  interim: false,
  voiceDbfs: -45,
};

function recognise(samples: Int16Array, settings: RecogniserSettings = usual): Finding[] {
  const recogniser = new Recogniser(settings);
  return [...recogniser.push(samples), ...recogniser.finish()];
}

type Segment = Extract<Finding, { type: "segment" }>;

function segments(findings: readonly Finding[]): Segment[] {
  return findings.filter((finding) => finding.type === "segment");
}

function textOf(segment: Segment | undefined): string | undefined {
  return segment?.words.map((word) => word.text).join(" ");
}

const digits = (text: string, sampleRate: SampleRate = 16000) => dtmf(text, { ...plainDtmf, sampleRate });
const silence = (ms: number, sampleRate: SampleRate = 16000) => new Int16Array(samplesIn(ms, sampleRate));
const near = (actual: number | undefined, expected: number, ms = 20) =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= ms, `${actual} is not ${expected} ±${ms}`);

suite("the recogniser", () => {
  for (const sampleRate of [8000, 16000] as const) {
    test(`gives a segment for each number, with true times, at ${sampleRate} Hz`, () => {
      const shape = plainNumbers(sampleRate);
      const findings = recognise(numberSound(20, shape), { ...usual, sampleRate });
      const found = segments(findings);
      assert.equal(found.length, 20);
      assert.equal(findings.filter((finding) => finding.type === "voice-start").length, 20);
      for (const [index, segment] of found.entries()) {
        const word = numberWord(index + 1, shape);
        assert.equal(textOf(segment), word.text);
        near(segment.startMs, word.startMs);
        near(segment.endMs, word.endMs);
        near(segment.words[0]?.startMs, word.startMs, 10);
        near(segment.words[0]?.endMs, word.endMs, 10);
      }
    });
  }

  test("a gap of 250 ms parts words, a silence of vad_tail parts segments", () => {
    const sound = joined([
      digits("12"),
      silence(230),
      digits("34"),
      silence(270),
      digits("56"),
      silence(510),
      digits("78"),
    ]);
    assert.deepEqual(segments(recognise(sound)).map(textOf), ["1234 56", "78"]);
    assert.deepEqual(segments(recognise(sound, { ...usual, vadTailMs: 600 })).map(textOf), ["1234 56 78"]);
    assert.deepEqual(segments(recognise(sound, { ...usual, vadTailMs: 200 })).map(textOf), ["12", "34", "56", "78"]);
  });

  test("the shortest tails do not lose a digit", () => {
    const sound = joined([silence(100), digits("12345"), silence(300), digits("67")]);
    for (const vadTailMs of [0, 10, 30, 45]) {
      const texts = segments(recognise(sound, { ...usual, vadTailMs })).map(textOf);
      assert.equal(texts.join(""), "1234567", `vad_tail ${vadTailMs}`);
    }
  });

  test("a segment is no longer than allowed, and is cut between words", () => {
    // 300 ms between words: one segment without end, if there were no limit.
    const shape = { ...plainNumbers(16000), everyMs: 660 };
    for (const longestMs of [1000, 1500, 2345, 5000]) {
      const found = segments(recognise(numberSound(40, shape), { ...usual, longestMs }));
      assert.ok(found.length >= (40 * 0.66) / (longestMs / 1000));
      assert.deepEqual(
        found.flatMap((segment) => segment.words.map((word) => word.text)),
        Array.from({ length: 40 }, (_, index) => numberWord(index + 1, shape).text),
        `longest ${longestMs}`,
      );
      for (const [index, segment] of found.entries()) {
        assert.ok(segment.endMs - segment.startMs <= longestMs);
        assert.ok(segment.startMs >= (found[index - 1]?.endMs ?? 0), "segments do not overlap");
      }
    }
  });

  test("a word that is longer than a segment may be is cut between digits", () => {
    const long = "1234567890123456789012345678";
    const found = segments(recognise(digits(long), { ...usual, longestMs: 1000 }));
    assert.ok(found.length >= 3);
    assert.equal(found.map(textOf).join(""), long);
  });

  test("other sound is reported by its length and level", () => {
    const [segment, ...more] = segments(recognise(joined([silence(200), sine(440, 1240, -18, 16000), silence(700)])));
    assert.deepEqual(more, []);
    const [, ms, level] = /^sound\((\d+)ms,(-\d+)dBFS\)$/.exec(textOf(segment) ?? "") ?? [];
    near(Number(ms), 1240);
    assert.equal(level, "-18");
    near(segment?.startMs, 200);
    near(segment?.endMs, 1440);
  });

  test("other sound and digits stand side by side", () => {
    const sound = joined([sine(440, 400, -20, 16000), silence(300), digits("42"), silence(300), babble(1, 16000, "x")]);
    const words = segments(recognise(sound)).flatMap((segment) => segment.words.map((word) => word.text));
    assert.equal(words[0]?.startsWith("sound("), true);
    assert.equal(words[1], "42");
    assert.equal(words[2]?.startsWith("sound("), true);
  });

  test("a voice gives no digits", () => {
    const words = segments(recognise(babble(60, 16000, "voice"))).flatMap((segment) => segment.words);
    assert.ok(words.length > 0);
    assert.ok(words.every((word) => word.text.startsWith("sound(")));
  });

  test("sound under the voice level is silence", () => {
    assert.deepEqual(recognise(sine(440, 2000, -50, 16000)), []);
    assert.notDeepEqual(recognise(sine(440, 2000, -50, 16000), { ...usual, voiceDbfs: -55 }), []);
  });

  test("digits are heard through noise that counts as voice", () => {
    const shape = plainNumbers(16000);
    const noisy = withNoise(numberSound(10, shape), -30, "street");
    const words = segments(recognise(noisy)).flatMap((segment) => segment.words.map((word) => word.text));
    assert.deepEqual(
      words.filter((word) => !word.startsWith("sound(")),
      Array.from({ length: 10 }, (_, index) => numberWord(index + 1, shape).text),
    );
  });

  test("what is being said at the end is finished", () => {
    const [segment] = segments(recognise(joined([silence(100), digits("4711")])));
    assert.equal(textOf(segment), "4711");
    near(segment?.startMs, 100);
    near(segment?.endMs, 460);
  });

  test("a number that began before the sound did gives what is heard of it", () => {
    const shape = plainNumbers(16000);
    const cut = samplesIn(numberWord(1, shape).startMs + 105, 16000);
    const rest = numberSamples(cut, 16000, shape);
    assert.equal(textOf(segments(recognise(rest))[0]), "001");
  });

  test("the rest of a tone is neither a digit nor a sound", () => {
    const rest = digits("5").subarray(samplesIn(35, 16000));
    assert.deepEqual(
      segments(recognise(joined([rest, silence(900)]))).flatMap((segment) => segment.words),
      [],
    );
  });

  test("interim results grow towards the final one, and come only when asked for", () => {
    const sound = joined([digits("1234567890"), silence(300), digits("42"), silence(600)]);
    assert.ok(recognise(sound).every((finding) => finding.type !== "interim"));
    const findings = recognise(sound, { ...usual, interim: true });
    const texts = findings.flatMap((finding) =>
      finding.type === "interim" ? [finding.words.map((word) => word.text).join(" ")] : [],
    );
    assert.ok(texts.length >= 3, texts.join());
    const final = textOf(segments(findings)[0]) ?? "";
    assert.equal(final, "1234567890 42");
    for (const text of texts) assert.ok(final.startsWith(text), text);
  });

  test("finds the same however the sound is cut", () => {
    const sound = joined([
      numberSound(4, plainNumbers(16000)),
      babble(1, 16000, "cut"),
      silence(600),
      digits("99"),
      silence(100),
    ]);
    const settings = { ...usual, interim: true, longestMs: 2000 };
    const whole = recognise(sound, settings);
    assert.ok(segments(whole).length >= 6);
    fc.assert(
      fc.property(fc.array(fc.nat(sound.length), { maxLength: 60 }), (cuts) => {
        const recogniser = new Recogniser(settings);
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), sound.length];
        const findings = bounds.flatMap((from, index) =>
          recogniser.push(sound.subarray(from, bounds[index + 1] ?? from)),
        );
        assert.deepEqual([...findings, ...recogniser.finish()], whole);
      }),
      { numRuns: 60 },
    );
  });

  test("two sessions that meet in silence hear every number once", () => {
    const shape = plainNumbers(16000);
    const sound = numberSound(6, shape);
    fc.assert(
      fc.property(fc.nat({ max: sound.length }), (at) => {
        const atMs = at / 16;
        const inWord = Array.from({ length: 6 }, (_, index) => numberWord(index + 1, shape)).some(
          (word) => atMs > word.startMs && atMs < word.endMs,
        );
        fc.pre(!inWord);
        const words = [sound.subarray(0, at), sound.subarray(at)].flatMap((part) =>
          segments(recognise(part)).flatMap((segment) => segment.words.map((word) => word.text)),
        );
        assert.deepEqual(words, ["0001", "0002", "0003", "0004", "0005", "0006"]);
      }),
      { numRuns: 60 },
    );
  });
});
