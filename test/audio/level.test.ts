import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addTallies,
  emptyTally,
  freshMeter,
  type HealthMeter,
  levelOf,
  silenceDbfs,
  stepHealth,
  tallyOf,
} from "../../src/audio/level.ts";

const rate = 16_000;

function sine(seconds: number, amplitude: number): Int16Array {
  return Int16Array.from({ length: seconds * rate }, (_, n) =>
    Math.max(-32_768, Math.min(32_767, Math.round(amplitude * Math.sin((2 * Math.PI * 440 * n) / rate)))),
  );
}

/** Feeds the sound in pieces of 20 ms. */
function after(meter: HealthMeter, ...sounds: readonly Int16Array[]): HealthMeter {
  let next = meter;
  for (const sound of sounds) {
    for (let at = 0; at < sound.length; at += 320) next = stepHealth(next, tallyOf(sound.subarray(at, at + 320)), rate);
  }
  return next;
}

test("a full-scale sine has a peak of 0 dBFS and an RMS of −3.01", () => {
  const level = levelOf(tallyOf(sine(1, 32_767)));
  assert.ok(Math.abs(level.peakDbfs) < 0.001, `${level.peakDbfs}`);
  assert.ok(Math.abs(level.rmsDbfs + 3.01) < 0.005, `${level.rmsDbfs}`);
});

test("the lowest sample alone is exactly 0 dBFS, the smallest step −90.3", () => {
  assert.deepEqual(levelOf(tallyOf(Int16Array.of(-32_768))), { rmsDbfs: 0, peakDbfs: 0 });
  assert.ok(Math.abs(levelOf(tallyOf(Int16Array.of(1))).peakDbfs + 90.31) < 0.01);
});

test("digital silence and no sound at all have a finite level", () => {
  const silence = { rmsDbfs: silenceDbfs, peakDbfs: silenceDbfs };
  assert.deepEqual(levelOf(tallyOf(new Int16Array(100))), silence);
  assert.deepEqual(levelOf(emptyTally), silence);
});

test("tallies of pieces add up to the tally of the whole, wherever it is cut", () => {
  fc.assert(
    fc.property(fc.int16Array({ maxLength: 200 }), fc.nat(200), (samples, cut) => {
      const pieces = addTallies(tallyOf(samples.subarray(0, cut)), tallyOf(samples.subarray(cut)));
      assert.deepEqual(pieces, tallyOf(samples));
    }),
  );
});

test("a loud, clean sound is good", () => {
  assert.equal(after(freshMeter, sine(3, 32_000)).health, "good");
});

test("a sound driven over full scale is clipping within a second, and good again after ten seconds without", () => {
  const clipping = after(freshMeter, sine(1, 36_000));
  assert.equal(clipping.health, "clipping");
  const calm = after(clipping, sine(9, 10_000));
  assert.equal(calm.health, "clipping");
  assert.equal(after(calm, sine(1, 10_000)).health, "good");
});

test("either end of the scale alone counts as clipping", () => {
  for (const end of [32_767, -32_768]) {
    const sound = sine(1, 3_000);
    sound.fill(end, 5_000, 5_160);
    assert.equal(after(freshMeter, sound).health, "clipping", `${end}`);
    const almost = sine(1, 3_000);
    almost.fill(end - Math.sign(end), 5_000, 5_160);
    assert.equal(after(freshMeter, almost).health, "good", `almost ${end}`);
  }
});

test("one click at full scale is not clipping", () => {
  const click = sine(2, 3_000);
  click.fill(32_767, 5_000, 5_050);
  assert.equal(after(freshMeter, click).health, "good");
});

test("zeros for ten seconds are a dead microphone, nine are not; the first sound revives it", () => {
  const nine = after(freshMeter, new Int16Array(9 * rate));
  assert.equal(nine.health, "good");
  const ten = after(nine, new Int16Array(rate));
  assert.equal(ten.health, "dead");
  assert.equal(after(ten, Int16Array.of(0, 1)).health, "good");
});

test("a constant that is not zero is dead too, a constant that changes is not", () => {
  assert.equal(after(freshMeter, new Int16Array(10 * rate).fill(-7)).health, "dead");
  assert.equal(after(freshMeter, new Int16Array(6 * rate).fill(3), new Int16Array(6 * rate).fill(4)).health, "good");
});

test("one step of noise keeps a silent room alive", () => {
  const room = Int16Array.from({ length: 30 * rate }, (_, n) => (n % 300 === 0 ? 1 : 0));
  assert.equal(after(freshMeter, room).health, "good");
});
