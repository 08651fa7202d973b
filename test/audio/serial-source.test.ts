import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { plugIn } from "../../scripts/panel-simulator/port.ts";
import { encodeFrame } from "../../src/audio/deframer.ts";
import { serialSource } from "../../src/audio/serial-source.ts";
import { systemClock } from "../../src/base/clock.ts";
import { missing } from "../system/lab/processes.ts";
import { Listening } from "./listening.ts";

const sound = Int16Array.from({ length: 3200 }, (_, n) => n * 7);
const frameLength = 320;

/** The frames of the sound from one to another, in the middle of noise. */
function frames(from: number, to: number, sampleRate = 16_000): Buffer {
  const all = Array.from({ length: to - from }, (_, n) => {
    const number = from + n;
    const samples = sound.slice(number * frameLength, (number + 1) * frameLength);
    return [Buffer.from("noise"), encodeFrame({ sampleRate, number, samples })];
  });
  return Buffer.concat(all.flat());
}

async function port() {
  const folder = await mkdtemp(join(tmpdir(), "serial-"));
  return {
    path: join(folder, "port"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const listen = (path: string) =>
  new Listening(serialSource({ path, baudRate: 921_600, sampleRate: 16_000, clock: systemClock, random: () => 0.01 }));

describe("a serial microphone", { skip: missing("socat"), concurrency: 4 }, () => {
  test("its sound comes through noise, sample by sample; missing frames are a gap of their length", async () => {
    await using at = await port();
    await using end = await plugIn(at.path);
    await using listening = listen(at.path);
    end.send(frames(0, 4));
    end.send(frames(7, 10));
    await listening.until(() => listening.count === 7 * frameLength);
    const lost = listening.of("overrun");
    assert.deepEqual(lost, [{ type: "overrun", lostMs: 60 }]);
    assert.deepEqual(listening.samples.slice(0, 4 * frameLength), sound.slice(0, 4 * frameLength));
    assert.deepEqual(listening.samples.slice(4 * frameLength), sound.slice(7 * frameLength));
    assert.deepEqual(listening.of("opened"), [
      { type: "opened", description: `serial microphone at ${at.path}, 16000 Hz` },
    ]);
  });

  test("another rate is converted", async () => {
    await using at = await port();
    await using end = await plugIn(at.path);
    await using listening = listen(at.path);
    end.send(frames(0, 10, 8000));
    await listening.until(() => listening.count > 6000);
    assert.deepEqual(listening.of("overrun"), []);
  });

  test("pulled out and plugged in again, it goes on by itself", async () => {
    await using at = await port();
    await using listening = listen(at.path);
    await listening.until(() => listening.of("interrupted").length > 0);
    assert.equal(listening.of("interrupted")[0]?.fault.code, "serial-missing");
    const before = await plugIn(at.path);
    before.send(frames(0, 2));
    await listening.until(() => listening.count === 2 * frameLength);
    const soFar = listening.of("interrupted").length;
    await before[Symbol.asyncDispose]();
    await listening.until(() => listening.of("interrupted").length > soFar);
    assert.equal(listening.of("interrupted")[soFar]?.fault.code, "serial-lost");
    await using after = await plugIn(at.path);
    after.send(frames(0, 2));
    await listening.until(() => listening.of("opened").length === 2 && listening.count === 4 * frameLength);
    assert.deepEqual(listening.of("overrun"), [], "the time it was away is told as such, not as dropped frames");
  });

  test("a microphone that falls silent is opened anew, and what it does is said", async () => {
    await using at = await port();
    await using end = await plugIn(at.path);
    await using listening = listen(at.path);
    end.send(frames(0, 2));
    await listening.until(() => listening.of("interrupted").length > 0);
    const { fault } = listening.of("interrupted")[0] ?? assert.fail();
    assert.equal(fault.code, "serial-silent");
    assert.match(fault.message, /gave no sound for 2 s/);
    end.send(frames(2, 4));
    await listening.until(() => listening.of("opened").length === 2);
  });

  test("what is no serial port, and a port that is taken, are told apart", async () => {
    await using at = await port();
    await using none = listen("/dev/null");
    await none.until(() => none.of("interrupted").length > 0);
    assert.equal(none.of("interrupted")[0]?.fault.code, "serial-unsuitable");
    await using end = await plugIn(at.path);
    await using first = listen(at.path);
    end.send(frames(0, 2));
    await first.until(() => first.count > 0);
    await using second = listen(at.path);
    await second.until(() => second.of("interrupted").length > 0);
    assert.equal(second.of("interrupted")[0]?.fault.code, "serial-busy");
  });
});
