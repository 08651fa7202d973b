import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ear } from "../../../src/audio/gate/ear.ts";
import type { Decision } from "../../../src/audio/gate/machine.ts";
import { loadVoiceActivity } from "../../../src/audio/gate/voice-activity.ts";
import { Gate, startGate } from "../../../src/audio/gate.ts";
import { dtmf, plainDtmf, type SampleRate } from "../../../src/simulator/dtmf.ts";
import { atLevel, pink, together, tones, typing, white } from "../../lab/noises.ts";
import { spoken } from "../../lab/speech.ts";
import { missing } from "../../system/lab/processes.ts";

const hangoverMs = 1000;
/** Noise that is there when the gate begins to hear may pass for so long until it is known: 5 s and the hangover. */
const adaptedMs = 6_500;
const skip = missing("espeak-ng");

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What of a sound passes the gate. The detector is loaded, unless told otherwise. */
async function passes(samples: Int16Array, sampleRate: SampleRate, detector = true): Promise<Span[]> {
  const ear = new Ear(sampleRate);
  if (detector) ear.use(await loadVoiceActivity(sampleRate));
  const decisions: Decision[] = [];
  const gate = new Gate({
    at: "shut",
    ear,
    sampleRate,
    start: 0,
    hangoverMs,
    decide: (decision) => decisions.push(decision),
  });
  const piece = 997;
  for (let at = 0; at < samples.length; at += piece) gate.heard(samples.subarray(at, at + piece));
  gate.end();
  assert.equal(decisions.at(-1)?.upTo, samples.length);
  return spansOf(decisions, sampleRate / 1000);
}

function spansOf(decisions: readonly Decision[], perMs: number): Span[] {
  const spans: Span[] = [];
  let fromMs = 0;
  for (const { upTo, verdict } of decisions) {
    const toMs = upTo / perMs;
    const last = spans.at(-1);
    if (verdict === "send" && last?.toMs === fromMs) spans[spans.length - 1] = { fromMs: last.fromMs, toMs };
    else if (verdict === "send") spans.push({ fromMs, toMs });
    fromMs = toMs;
  }
  return spans;
}

/** Words at 9.123 s of 20 s: they pass whole, and nothing else does once the gate knows the noise. */
async function wordsPassAlone(
  name: string,
  words: Int16Array,
  level: number,
  sampleRate: SampleRate,
  noise: readonly Float64Array[],
) {
  const perMs = sampleRate / 1000;
  const startMs = 9123;
  const endMs = startMs + words.length / perMs;
  const sound = together(
    [new Float64Array(20_000 * perMs), ...noise],
    [{ at: startMs * perMs, sound: atLevel(words, level) }],
  );
  const spans = await passes(sound, sampleRate);
  const told = `${name}: words from ${startMs} to ${endMs}, passed: ${JSON.stringify(spans)}`;
  const late = spans.filter(({ toMs }) => toMs > adaptedMs);
  assert.equal(late.length, 1, told);
  for (const { fromMs, toMs } of late) {
    assert.ok(fromMs <= startMs - 150, `the beginning, with time before it: ${told}`);
    assert.ok(fromMs >= startMs - 1000, `little more than the beginning: ${told}`);
    assert.ok(toMs >= endMs + hangoverMs - 500, `the end: ${told}`);
    assert.ok(toMs <= endMs + hangoverMs + 300, `shut soon after: ${told}`);
  }
}

const sentences = [
  { text: "你好，请打开客厅的灯，谢谢。", voice: "cmn" },
  { text: "四十四，石狮子，是不是", voice: "cmn+f3" },
  { text: "Switch on the light in the kitchen, please", voice: "en" },
  { text: "fish, shoes, hat, six, thin", voice: "en+f2" },
  { text: "stop", voice: "en" },
];

describe("words pass whole, from before their first sound, and nothing else", { skip }, () => {
  for (const sampleRate of [16_000, 8000] as const) {
    const length = 20 * sampleRate;
    const rooms: readonly (readonly [string, number, () => readonly Float64Array[]])[] = [
      ["loud, in silence", -20, () => []],
      ["quiet, in silence", -60, () => []],
      ["20 dB over white noise", -30, () => [white(length, -50)]],
      ["10 dB over white noise", -25, () => [white(length, -35)]],
      ["quiet, 10 dB over pink noise", -45, () => [pink(length, -55)]],
      ["10 dB over loud pink noise", -20, () => [pink(length, -30)]],
      ["15 dB under the mains' hum", -50, () => [tones(length, [50], -35, sampleRate), white(length, -72)]],
      [
        "as loud as the hum and its overtones",
        -40,
        () => [tones(length, [50, 100, 150, 250], -40, sampleRate), white(length, -72)],
      ],
    ];
    for (const [name, level, noise] of rooms) {
      test(`${name}, ${sampleRate} Hz`, async () => {
        for (const { text, voice } of sentences) {
          await wordsPassAlone(`${text} (${voice})`, spoken(text, voice, sampleRate), level, sampleRate, noise());
        }
      });
    }
  }

  test("words from the very first sample on", async () => {
    const words = spoken("Switch on the light", "en", 16_000);
    const [first] = await passes(together([atLevel(words, -30), pink(16_000 * 10, -50)]), 16_000);
    assert.ok(first?.fromMs === 0 && first.toMs >= words.length / 16, JSON.stringify(first));
  });

  test("without its detector, words pass as well", async () => {
    const words = atLevel(spoken("Switch on the light", "en", 16_000), -30);
    const spans = await passes(together([pink(16_000 * 20, -45)], [{ at: 16_000 * 10, sound: words }]), 16_000, false);
    assert.ok(
      spans.some(({ fromMs, toMs }) => fromMs <= 9850 && toMs >= 10_000 + words.length / 16),
      JSON.stringify(spans),
    );
  });
});

describe("sound in which nobody speaks does not keep the gate open", () => {
  const length = 30 * 16_000;
  const rooms: readonly (readonly [string, () => Float64Array])[] = [
    ["white noise at −10 dBFS", () => white(length, -10)],
    ["white noise at −40 dBFS", () => white(length, -40)],
    ["pink noise at −15 dBFS", () => pink(length, -15)],
    ["pink noise at −30 dBFS", () => pink(length, -30)],
    ["the mains' hum with its overtones", () => tones(length, [50, 100, 150, 250, 350], -20, 16_000)],
    ["a chord that is held", () => tones(length, [440, 554, 659], -25, 16_000)],
    ["typing", () => typing(length, 6, 16_000)],
  ];
  for (const [name, noise] of rooms) {
    test(name, async () => {
      const spans = await passes(together([noise(), white(length, -70)]), 16_000);
      // At the very end, what may be the beginning of a word passes.
      const adapted = spans.every(({ fromMs, toMs }) => toMs <= adaptedMs || fromMs >= 29_000);
      assert.ok(adapted, JSON.stringify(spans));
    });
  }

  test("digital silence: not even at first", async () => {
    assert.deepEqual(await passes(new Int16Array(length), 16_000), []);
  });

  test("a fan that is switched on", async () => {
    const fan = pink(10 * 16_000, -25, "fan");
    const spans = await passes(together([pink(length, -60)], [{ at: 15 * 16_000, sound: fan }]), 16_000);
    const last = spans.at(-1);
    assert.ok(last !== undefined && last.toMs <= 15_000 + adaptedMs + 5_000, JSON.stringify(spans));
  });
});

for (const sampleRate of [16_000, 8000] as const) {
  test(`telephone digits pass whole, ${sampleRate} Hz: alone, and without a pause for long`, async () => {
    for (const digits of ["5", "1".repeat(150), "0123456789*#".repeat(12)]) {
      const tone = dtmf(digits, { ...plainDtmf, sampleRate });
      const sound = together([white(30 * sampleRate, -60)], [{ at: 9 * sampleRate, sound: Float64Array.from(tone) }]);
      const spans = (await passes(sound, sampleRate)).filter(({ toMs }) => toMs > adaptedMs);
      const endMs = 9000 + (tone.length * 1000) / sampleRate;
      assert.ok(
        spans[0] !== undefined && spans[0].fromMs <= 8500 && spans[0].toMs >= endMs + 500,
        JSON.stringify(spans),
      );
    }
  });
}

test("the detector loads in the background: what is heard before passes", async () => {
  const faults: string[] = [];
  const fail = (message: string) => void faults.push(message);
  const logger = { debug: fail, info: fail, warn: fail, error: fail };
  const decisions: Decision[] = [];
  const decide = (decision: Decision) => void decisions.push(decision);
  const gate = startGate({ kind: "speech", sampleRate: 16_000, start: 0, hangoverMs, logger, decide });
  gate.heard(together([white(16_000, -40)]));
  assert.equal(decisions.at(-1)?.verdict, "send");
  // Its own detector may be there a little later than this one.
  for (let tries = 0; tries < 100 && decisions.at(-1)?.verdict !== "silence"; tries += 1) {
    await loadVoiceActivity(16_000);
    for (let at = 0; at < 4 * 16_000; at += 1600) gate.heard(together([white(1600, -40)]));
  }
  assert.equal(decisions.at(-1)?.verdict, "silence", "from now on, only speech does");
  assert.deepEqual(faults, []);
});
