import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clue, isSpeech, maySpeak, noEvidence, stepEvidence } from "../../../src/audio/gate/evidence.ts";
import { Loudness } from "../../../src/audio/gate/loudness.ts";
import { levelOf, tallyOf } from "../../../src/audio/level.ts";
import { together, tones } from "../../lab/noises.ts";

const voice = (levelDb: number): Clue => ({ voice: true, levelDb });
const silence: Clue = { voice: false, levelDb: -70 };
const times = (count: number, clue: Clue) => Array.from({ length: count }, () => clue);
const after = (clues: readonly Clue[]) => clues.reduce(stepEvidence, noEvidence);

/** Ten seconds of a quiet room. */
const room = times(500, silence);

test("three frames of a voice in a row are speech, two are not", () => {
  assert.equal(isSpeech(after(times(3, voice(-30)))), true, "from the very first frame on");
  assert.equal(isSpeech(after([...room, ...times(2, voice(-30))])), false);
  assert.equal(isSpeech(after([...room, ...times(3, voice(-30))])), true);
  assert.equal(isSpeech(after([...room, voice(-30), voice(-30), silence, voice(-30), voice(-30)])), false);
});

test("speech is forgotten 200 ms later", () => {
  const word = [...room, ...times(3, voice(-30))];
  assert.equal(isSpeech(after([...word, ...times(7, silence)])), true);
  assert.equal(isSpeech(after([...word, ...times(8, silence)])), false);
  assert.equal(maySpeak(after([...word, ...times(9, silence)])), true);
  assert.equal(maySpeak(after([...word, ...times(10, silence)])), false);
});

test("what is loud, but no voice, is no speech", () => {
  assert.equal(isSpeech(after([...room, ...times(100, { voice: false, levelDb: -10 })])), false);
});

test("what goes on for 5 s without a gap is noise; a voice above it is speech", () => {
  const noise = voice(-30);
  assert.equal(isSpeech(after([...room, ...times(200, noise)])), true);
  assert.equal(isSpeech(after([...room, ...times(280, noise)])), false);
  assert.equal(isSpeech(after([...room, ...times(280, noise), ...times(3, voice(-23))])), true);
  const syllables = times(20, voice(-30)).flatMap((clue) => [...times(12, clue), silence]);
  assert.equal(isSpeech(after([...room, ...syllables, ...syllables])), true, "speech has gaps, and is not noise");
});

test("when noise ends, the quiet is known at once", () => {
  assert.equal(isSpeech(after([...times(500, voice(-20)), ...times(10, silence), ...times(3, voice(-50))])), true);
});

test("what a click leaves does not count beside it", () => {
  assert.equal(isSpeech(after([...room, voice(-20), voice(-42), voice(-55), voice(-60)])), false);
});

test("loudness leaves out hum and offset, and nothing of a voice's upper half", () => {
  for (const sampleRate of [8000, 16_000]) {
    const heard = (samples: Int16Array) => new Loudness(sampleRate).levelDb(samples);
    const level = (hz: number) => heard(together([tones(sampleRate, [hz], -20, sampleRate)]));
    assert.ok(level(50) < -35 && level(100) < -35, `${level(50)} ${level(100)}`);
    for (const hz of [600, 1000, 3000]) assert.ok(Math.abs(level(hz) + 20) < 1, `${hz} Hz: ${level(hz)}`);
    const offset = new Loudness(sampleRate);
    offset.levelDb(new Int16Array(sampleRate).fill(3000));
    assert.ok(offset.levelDb(new Int16Array(sampleRate).fill(3000)) < -90);
    assert.equal(heard(new Int16Array(320)), -100);
  }
  const tone = together([tones(16_000, [1000], -20, 16_000)]);
  assert.ok(Math.abs(levelOf(tallyOf(tone)).rmsDbfs + 20) < 0.01, "the test's own sound is as loud as it says");
});
