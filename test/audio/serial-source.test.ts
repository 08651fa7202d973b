import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type PortEnd, plugIn } from "../../scripts/panel-simulator/port.ts";
import { encodeFrame } from "../../src/audio/deframer.ts";
import { serialSource } from "../../src/audio/serial-source.ts";
import { systemClock } from "../../src/base/clock.ts";
import { missing } from "../system/lab/processes.ts";
import { Listening } from "./listening.ts";

const frameLength = 320;
/** These frames of each ten are lost on the way. */
const lostOfTen: ReadonlySet<number> = new Set([4, 5, 6]);

/** A microphone at the far end: a frame each 20 ms, its samples all its number, with noise before it. */
function microphone(end: PortEnd, { from = 0, sampleRate = 16_000, losing = false } = {}): Disposable {
  let number = from;
  const timer = setInterval(() => {
    const samples = new Int16Array(frameLength).fill(number);
    const lost = losing && lostOfTen.has(number % 10);
    if (!lost) end.send(Buffer.concat([Buffer.from("noise"), encodeFrame({ sampleRate, number, samples })]));
    number += 1;
  }, 20);
  return timer;
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

describe("a serial microphone", { skip: missing("socat"), concurrency: 5 }, () => {
  test("its sound comes through noise, sample by sample; missing frames are a gap of their length", async () => {
    await using at = await port();
    await using end = await plugIn(at.path);
    using _microphone = microphone(end, { losing: true });
    await using listening = listen(at.path);
    await listening.until(() => listening.count >= 30 * frameLength);
    const { samples } = listening;
    const numbers = Array.from({ length: 30 }, (_, n) => samples[n * frameLength] ?? -1);
    const [first = 0] = numbers;
    const sent = Array.from({ length: 60 }, (_, n) => first + n).filter((number) => !lostOfTen.has(number % 10));
    assert.deepEqual(numbers, sent.slice(0, 30));
    assert.ok(
      samples.subarray(0, 30 * frameLength).every((sample, n) => sample === numbers[Math.floor(n / frameLength)]),
    );
    const lost = listening.of("overrun");
    assert.ok(lost.length >= 3 && lost.every(({ lostMs }) => lostMs === 60), JSON.stringify(lost));
    assert.deepEqual(listening.events[0], {
      type: "opened",
      description: `serial microphone at ${at.path}, 16000 Hz`,
    });
  });

  test("another rate is converted", async () => {
    await using at = await port();
    await using end = await plugIn(at.path);
    using _microphone = microphone(end, { sampleRate: 8000 });
    await using listening = listen(at.path);
    await listening.until(() => listening.count >= 6000);
    assert.deepEqual(listening.of("overrun"), []);
    const frames = listening.of("audio").length;
    assert.ok(Math.abs(listening.count - frames * frameLength * 2) <= frameLength, `${listening.count} of ${frames}`);
  });

  test("pulled out and plugged in again, it goes on by itself; the time away is not told as dropped frames", async () => {
    await using at = await port();
    await using listening = listen(at.path);
    await listening.until(() => listening.of("interrupted").length > 0);
    assert.equal(listening.of("interrupted")[0]?.fault.code, "serial-missing");
    for (const from of [0, 500]) {
      await using end = await plugIn(at.path);
      using _microphone = microphone(end, { from });
      const before = listening.of("opened").length;
      await listening.until(() => listening.of("opened").length > before);
      const interruptions = listening.of("interrupted").length;
      await end[Symbol.asyncDispose]();
      await listening.until(() => listening.of("interrupted").length > interruptions);
      // serialport does not notice every unplugging; the silence that follows is noticed in any case.
      const how = listening.of("interrupted")[interruptions]?.fault.code;
      assert.ok(how === "serial-lost" || how === "serial-silent", how);
    }
    assert.deepEqual(listening.of("overrun"), []);
  });

  test("a microphone that starts anew, its numbers too, has lost no minute of sound", async () => {
    await using at = await port();
    await using end = await plugIn(at.path);
    let number = 64_600;
    const send = () => {
      end.send(encodeFrame({ sampleRate: 16_000, number, samples: new Int16Array(frameLength).fill(7) }));
      number += 1;
    };
    const timer = setInterval(send, 20);
    await using listening = listen(at.path);
    await listening.until(() => listening.count >= 20 * frameLength);
    number = 0;
    await listening.until(() => listening.count >= 60 * frameLength);
    clearInterval(timer);
    const lostMs = listening.of("overrun").reduce((sum, each) => sum + each.lostMs, 0);
    assert.ok(lostMs < 10_000, `${lostMs} ms`);
  });

  test("a microphone that falls silent is opened anew, and what it does is said", async () => {
    await using at = await port();
    await using end = await plugIn(at.path);
    await using listening = listen(at.path);
    const firstRun = microphone(end);
    await listening.until(() => listening.of("opened").length > 0);
    firstRun[Symbol.dispose]();
    await listening.until(() => listening.of("interrupted").length > 0);
    const { fault } = listening.of("interrupted")[0] ?? assert.fail();
    assert.equal(fault.code, "serial-silent");
    assert.match(fault.message, /gave no sound for 2 s/);
    using _secondRun = microphone(end);
    await listening.until(() => listening.of("opened").length === 2);
  });

  test("what is no serial port, and a port that is taken, are told apart", async () => {
    await using at = await port();
    await using none = listen("/dev/null");
    await none.until(() => none.of("interrupted").length > 0);
    assert.equal(none.of("interrupted")[0]?.fault.code, "serial-unsuitable");
    await using end = await plugIn(at.path);
    using _microphone = microphone(end);
    await using first = listen(at.path);
    await first.until(() => first.count > 0);
    await using second = listen(at.path);
    await second.until(() => second.of("interrupted").length > 0);
    assert.equal(second.of("interrupted")[0]?.fault.code, "serial-busy");
  });
});
