import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { microphone } from "../../src/audio/microphone.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Logger } from "../../src/base/logger.ts";
import { type AlsaRoom, openAlsaRoom } from "../../src/simulator/alsa-room.ts";
import { Listening } from "../audio/listening.ts";
import { driftMs } from "./lab/drift.ts";
import { eventually, missing, processesWith } from "./lab/processes.ts";

const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const needs = { skip: missing("arecord", "mkfifo") };

/** Says the running number of each block of 100 samples, never zero: every place is known by its sound. */
function runningNumbers(from: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, n) => 1 + (Math.floor((from + n) / 100) % 30_000));
}

function record(room: AlsaRoom, sampleRate: number, mark = ""): Listening {
  const env = { ...room.env, TEST_MARK: mark };
  const source = microphone({
    recorder: "arecord",
    device: room.device,
    sampleRate,
    env,
    clock: systemClock,
    random: () => 0.99, // long enough away to miss a block
    logger: silentLogger,
  });
  return new Listening(source);
}

for (const sampleRate of [8_000, 16_000] as const) {
  test(
    `arecord hears the room from its first sample on, bit for bit and on time, at ${sampleRate} Hz`,
    needs,
    async () => {
      await using room = await openAlsaRoom({ sampleRate, sound: runningNumbers, clock: systemClock });
      await using listening = record(room, sampleRate);
      await listening.until(() => listening.count > 0);
      const drift = await driftMs(listening, sampleRate, 5_000);
      assert.deepEqual(listening.samples, runningNumbers(0, listening.count));
      assert.ok(Math.abs(drift) < 240, `${drift} ms in 5 s`);
      assert.deepEqual(listening.of("interrupted"), []);
      assert.equal(room.heard.length, 1);
      assert.ok((room.heard[0]?.to ?? 0) >= listening.count);
    },
  );
}

test("what is said while no recorder listens is gone, and the room knows it", needs, async () => {
  await using room = await openAlsaRoom({ sampleRate: 16_000, sound: runningNumbers, clock: systemClock });
  const mark = randomUUID();
  await using listening = record(room, 16_000, mark);
  await listening.until(() => listening.count > 16_000);
  const [recorder] = processesWith(mark);
  assert.ok(recorder !== undefined);
  process.kill(recorder, "SIGKILL");
  await listening.until(() => listening.of("opened").length === 2);
  const before = listening.count;
  await listening.until(() => listening.count > before + 16_000);
  await eventually(() => room.heard.length === 2, "two spans are heard");
  const numbers = [...new Set(listening.samples)];
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  const skipped = numbers.findIndex((number, n) => n > 0 && number > (numbers[n - 1] ?? 0) + 1);
  const again = room.heard[1]?.from ?? 0;
  assert.ok(Math.abs((numbers[skipped] ?? 0) * 100 - again) <= 2_000, `${numbers[skipped]} heard, not ${again}`);
});

test("a room that nobody listens to can be left", async () => {
  await using room = await openAlsaRoom({ sampleRate: 16_000, sound: runningNumbers, clock: systemClock });
  assert.deepEqual(room.heard, []);
});
