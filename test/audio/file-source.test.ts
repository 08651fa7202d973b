import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { fileSource } from "../../src/audio/file-source.ts";
import type { PcmFormat } from "../../src/audio/pcm.ts";
import { wavHeader } from "../../src/audio/wav.ts";
import { systemClock } from "../../src/base/clock.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { Listening } from "./listening.ts";

const mono16k: PcmFormat = { encoding: "s16", channels: 1, sampleRate: 16_000 };

async function temporaryFile(
  name: string,
  ...parts: readonly Uint8Array[]
): Promise<{ path: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "file-source-"));
  const path = join(directory, name);
  await writeFile(path, Buffer.concat(parts));
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** Every sample another: 0, 1, 2, … */
function ramp(samples: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, n) => n);
}

function wav(format: PcmFormat, samples: Int16Array): Promise<{ path: string } & AsyncDisposable> {
  return temporaryFile("sound.wav", wavHeader(format, samples.byteLength), new Uint8Array(samples.buffer));
}

/** Lets file reads come in until at least `count` samples are there, and what else is due. */
async function settle(listening: Listening, count: number): Promise<number> {
  await listening.until(() => listening.count >= count);
  for (let turns = 0; turns < 20; turns += 1) await setImmediate();
  return listening.count;
}

test("a file comes bit for bit, in pieces of 50 ms at most, and ends", async () => {
  const sound = ramp(20_000);
  await using file = await wav(mono16k, sound);
  await using listening = new Listening(
    fileSource({ path: file.path, sampleRate: 16_000, loop: false, speed: 100, clock: systemClock }),
  );
  assert.equal(await listening.end(), null);
  assert.deepEqual(listening.samples, sound);
  assert.ok(listening.of("audio").every((event) => event.samples.length <= 800));
  assert.deepEqual(listening.events[0], { type: "opened", description: `${file.path}, 16000 Hz mono 16-bit` });
});

test("it takes as long as the sound, divided by the speed, on the real clock", async () => {
  await using file = await wav(mono16k, ramp(16_000 * 60));
  const startMs = performance.now();
  await using listening = new Listening(
    fileSource({ path: file.path, sampleRate: 16_000, loop: false, speed: 100, clock: systemClock }),
  );
  await listening.end();
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs > 595 && tookMs < 30_000, `${tookMs} ms`);
});

test("sound is never early, and what became due while the process was held up comes at once", async () => {
  const clock = new ManualClock();
  await using file = await wav(mono16k, ramp(16_000 * 20));
  await using listening = new Listening(
    fileSource({ path: file.path, sampleRate: 16_000, loop: false, speed: 1, clock }),
  );
  await listening.until(() => listening.of("opened").length === 1);
  for (let nowMs = 0; nowMs < 2_000; nowMs += 10) {
    clock.advance(10);
    assert.ok((await settle(listening, 0)) <= (nowMs + 10) * 16);
  }
  const onTime = await settle(listening, 31_200);
  assert.ok(onTime >= 31_200, `${onTime} samples in 2 s`);
  clock.advance(10_000);
  const caughtUp = await settle(listening, 191_200);
  assert.ok(caughtUp >= 191_200 && caughtUp <= 192_000, `${caughtUp} samples in 12 s`);
});

test("a loop joins without a gap: hours later the sound is still on time, and no sample is doubled or missing", async () => {
  const clock = new ManualClock();
  const sound = ramp(1_111);
  await using file = await wav(mono16k, sound);
  await using listening = new Listening(
    fileSource({ path: file.path, sampleRate: 16_000, loop: true, speed: 1, clock }),
  );
  await listening.until(() => listening.of("opened").length === 1);
  clock.advance(30_000);
  const heard = await settle(listening, 480_000 - 799);
  assert.ok(heard > 480_000 - 800 && heard <= 480_000, `${heard} samples in 30 s`);
  assert.ok(listening.samples.every((sample, n) => sample === n % 1_111));
});

test("a loop that is resampled, of a file whose last frame is torn, is as long as its whole frames", async () => {
  const clock = new ManualClock();
  const format: PcmFormat = { encoding: "s24", channels: 2, sampleRate: 44_100 };
  await using file = await temporaryFile(
    "torn.wav",
    wavHeader(format, "unknown"),
    new Uint8Array(6 * 4_410 + 5).fill(9),
  );
  await using listening = new Listening(
    fileSource({ path: file.path, sampleRate: 16_000, loop: true, speed: 1, clock }),
  );
  await listening.until(() => listening.of("opened").length === 1);
  assert.match(listening.of("opened")[0]?.description ?? "", /44100 Hz stereo 24-bit, converted to 16000 Hz mono$/);
  clock.advance(10_000);
  const heard = await settle(listening, 160_000 - 1_599);
  assert.ok(heard > 160_000 - 1_600 && heard <= 160_000, `${heard}`);
  // 0x090909 throughout: a misread byte order at a join would be a jump.
  assert.ok(listening.samples.slice(200).every((sample) => Math.abs(sample - 0x0909) <= 2));
});

test("a file that breaks off gives the sound that is there, and then says what is missing", async () => {
  await using file = await temporaryFile("cut.wav", wavHeader(mono16k, 33_000), new Uint8Array(ramp(500).buffer));
  await using listening = new Listening(
    fileSource({ path: file.path, sampleRate: 16_000, loop: false, speed: 1_000, clock: systemClock }),
  );
  const fault = await listening.end();
  assert.equal(fault?.code, "source-unusable");
  assert.match(fault.message, /cut\.wav: it breaks off: 1\.0 s of the sound that its header promises are missing$/);
  assert.deepEqual(listening.samples, ramp(500));
});

for (const loop of [false, true]) {
  test(`what cannot be played ends with a Fault that names the file (loop: ${loop})`, async () => {
    await using text = await temporaryFile("words.wav", Buffer.from("these are words"));
    await using empty = await temporaryFile("empty.wav", wavHeader(mono16k, 0));
    const pipe = join(text.path, "..", "pipe.wav");
    execFileSync("mkfifo", [pipe]);
    for (const [path, code, message] of [
      ["/nowhere/at/all.wav", "source-unreadable", /^\/nowhere\/at\/all\.wav: there is no such file/],
      [tmpdir(), "source-unreadable", /: it is not a file/],
      [pipe, "source-unreadable", /: it is not a file/],
      ["/dev/zero", "source-unreadable", /: it is not a file/],
      [text.path, "source-unusable", /words\.wav: it is not a WAV file/],
      [empty.path, "source-unusable", /empty\.wav: it holds no sound/],
    ] as const) {
      await using listening = new Listening(
        fileSource({ path, sampleRate: 16_000, loop, speed: 1, clock: systemClock }),
      );
      const fault = await listening.end();
      assert.equal(fault?.code, code);
      assert.match(fault.message, message);
    }
  });
}

test("stopped in the middle it says nothing more and has closed the file", async () => {
  await using file = await wav(mono16k, ramp(160_000));
  await using listening = new Listening(
    fileSource({ path: file.path, sampleRate: 16_000, loop: true, speed: 10, clock: systemClock }),
  );
  await listening.until(() => listening.count > 1_000);
  const stopped = listening.source.stop();
  const saidBefore = listening.events.length;
  await stopped;
  await listening.source.stop();
  assert.equal(listening.events.length, saidBefore);
  assert.ok(!(await openFiles()).includes(file.path));
});

test("stopped before it started it is silent", async () => {
  const source = fileSource({ path: "/nowhere", sampleRate: 16_000, loop: true, speed: 1, clock: systemClock });
  await source.stop();
  const listening = new Listening(source);
  await source.stop();
  assert.deepEqual(listening.events, []);
});

async function openFiles(): Promise<string[]> {
  const descriptors = await readdir("/proc/self/fd");
  return Promise.all(descriptors.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => "")));
}
