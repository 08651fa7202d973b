import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { microphone } from "../../src/audio/microphone.ts";
import type { Recorder } from "../../src/audio/recorder.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Logger } from "../../src/base/logger.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Listening } from "../audio/listening.ts";
import { driftMs } from "./lab/drift.ts";
import { eventually, missing, processesWith, zombies } from "./lab/processes.ts";
import { missingForPulse, startPulse } from "./lab/pulse.ts";

const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const withPulse = { skip: missingForPulse("arecord") };
const withAlsa = { skip: missing("arecord") };

interface RealMicrophone extends AsyncDisposable {
  readonly listening: Listening;
  readonly recorders: () => number[];
}

/** Disposal stops it, and asserts that no recorder is left, dead or alive. */
function record(options: {
  recorder?: Recorder;
  device: string;
  env?: Readonly<Record<string, string>>;
}): RealMicrophone {
  const mark = randomUUID();
  const listening = new Listening(
    microphone({
      recorder: options.recorder ?? "arecord",
      device: options.device,
      sampleRate: 16_000,
      env: { ...options.env, TEST_MARK: mark },
      clock: systemClock,
      random: () => 0.2,
      logger: silentLogger,
    }),
  );
  return {
    listening,
    recorders: () => processesWith(mark),
    async [Symbol.asyncDispose]() {
      await listening.source.stop();
      assert.deepEqual(processesWith(mark), []);
      await eventually(() => zombies().length === 0, "zombies are gone");
    },
  };
}

/** Sound in which every place is unlike any other. */
function noise(samples: number): Int16Array {
  const random = seededRandom("noise");
  return Int16Array.from({ length: samples }, () => Math.round((random() - 0.5) * 30_000));
}

/** Where `part` begins in `whole`; -1 if it is not there bit for bit. */
function indexOf(whole: Int16Array, part: Int16Array): number {
  const bytes = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const at = bytes(whole).indexOf(bytes(part));
  return at === -1 ? -1 : at / 2;
}

suite("a real recorder", { concurrency: 4 }, () => {
  test("what is played in the room is recorded bit for bit by arecord", withPulse, async () => {
    await using pulse = await startPulse();
    await using microphone = record(pulse);
    await microphone.listening.until(() => microphone.listening.of("opened").length > 0);
    const sound = noise(32_000);
    await pulse.play(sound);
    await microphone.listening.until(() => indexOf(microphone.listening.samples, sound) >= 0);
    assert.deepEqual(microphone.listening.events[0], { type: "opened", description: "arecord, device mic, 16000 Hz" });
    assert.deepEqual(microphone.listening.of("interrupted"), []);
  });

  for (const recorder of ["rec", "sox"] as const) {
    test(`${recorder} records the same room`, { skip: missingForPulse(recorder) }, async () => {
      await using pulse = await startPulse();
      await using microphone = record({ ...pulse, recorder });
      await microphone.listening.until(() => microphone.listening.of("opened").length > 0);
      const hertz = 700;
      const tone = (n: number) => Math.sin((2 * Math.PI * hertz * n) / 16_000);
      await pulse.play(Int16Array.from({ length: 32_000 }, (_, n) => 16_000 * tone(n)));
      // sox converts what the device gives it: the sound is the same, the bits are not.
      const loudest = () => {
        const heard = microphone.listening.samples.slice(-16_000);
        let [cosine, sine, power] = [0, 0, 1];
        for (const [n, sample] of heard.entries()) {
          cosine += sample * Math.cos((2 * Math.PI * hertz * n) / 16_000);
          sine += sample * tone(n);
          power += sample ** 2;
        }
        return { share: (2 * (cosine ** 2 + sine ** 2)) / heard.length / power, rms: Math.sqrt(power / heard.length) };
      };
      await microphone.listening.until(() => loudest().rms > 9_000);
      assert.ok(loudest().share > 0.9, `the tone's share of the sound is ${loudest().share}`);
    });
  }

  test("a recorder that is killed is started again", withPulse, async () => {
    await using pulse = await startPulse();
    await using microphone = record(pulse);
    await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
    const [recorder] = microphone.recorders();
    assert.ok(recorder !== undefined);
    process.kill(recorder, "SIGKILL");
    await microphone.listening.until(() => microphone.listening.of("opened").length === 2);
    const [interrupted] = microphone.listening.of("interrupted");
    assert.equal(interrupted?.fault.message, "arecord was ended by SIGKILL");
    assert.deepEqual([interrupted.attempt, interrupted.retryInMs], [1, 100]);
    assert.equal(microphone.recorders().length, 1);
  });

  test("a sound server that hangs is a stall; when it is back, so is the sound", withPulse, async () => {
    await using pulse = await startPulse();
    await using microphone = record(pulse);
    await microphone.listening.until(() => microphone.listening.of("audio").length > 4);
    pulse.freeze();
    await microphone.listening.until(() => microphone.listening.of("interrupted").length > 0);
    assert.equal(microphone.listening.of("interrupted")[0]?.fault.code, "recorder-stalled");
    pulse.thaw();
    await microphone.listening.until(() => microphone.listening.of("opened").length === 2, 40_000);
  });

  test("a sound server that crashes loses the device, refuses, and is found again", withPulse, async () => {
    await using pulse = await startPulse();
    await using microphone = record(pulse);
    await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
    await pulse.kill();
    await microphone.listening.until(() => microphone.listening.of("interrupted").length >= 2);
    const codes = microphone.listening.of("interrupted").map((event) => event.fault.code);
    assert.deepEqual(codes.slice(0, 2), ["device-lost", "sound-server-away"]);
    await pulse.restart();
    await microphone.listening.until(() => microphone.listening.of("opened").length === 2, 40_000);
  });

  test("sox that loses its sound server ends with exit code 0, and still says that the device is lost", {
    skip: missingForPulse("sox"),
  }, async () => {
    await using pulse = await startPulse();
    await using microphone = record({ ...pulse, recorder: "sox" });
    await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
    await pulse.kill();
    await microphone.listening.until(() => microphone.listening.of("interrupted").length >= 2);
    const codes = microphone.listening.of("interrupted").map((event) => event.fault.code);
    assert.deepEqual(codes.slice(0, 2), ["device-lost", "sound-server-away"]);
  });

  for (const signal of ["SIGSTOP", "frozen server"] as const) {
    test(`the stop takes no longer where the recorder hangs (${signal})`, withPulse, async () => {
      await using pulse = await startPulse();
      await using microphone = record(pulse);
      await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
      const [recorder] = microphone.recorders();
      assert.ok(recorder !== undefined);
      if (signal === "SIGSTOP") process.kill(recorder, signal);
      else pulse.freeze();
      const startMs = performance.now();
      await microphone.listening.source.stop();
      assert.ok(performance.now() - startMs < 4_500);
      assert.deepEqual(microphone.recorders(), []);
    });
  }

  for (const recorder of ["arecord", "rec", "sox"] as const) {
    test(`${recorder}: a device that is not there is named`, { skip: missing(recorder) }, async () => {
      await using microphone = record({ recorder, device: "plughw:77" });
      await microphone.listening.until(() => microphone.listening.of("interrupted").length >= 2);
      const [interrupted] = microphone.listening.of("interrupted");
      assert.equal(interrupted?.fault.code, "device-missing");
      assert.match(interrupted.fault.message, /^device plughw:77 is not there \(.*77/);
    });
  }

  test("when our process is killed, arecord goes too: nobody reads its pipe", withPulse, async () => {
    await using pulse = await startPulse();
    const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
    const mark = randomUUID();
    const script = `
    import { microphone } from ${source("audio/microphone.ts")};
    import { systemClock } from ${source("base/clock.ts")};
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const env = ${JSON.stringify({ ...pulse.env, TEST_MARK: mark })};
    const source = microphone({ recorder: "arecord", device: "mic", sampleRate: 16000, env, clock: systemClock, random: Math.random, logger });
    source.start((event) => console.log(event.type));`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(parent, "exit");
    await once(parent.stdout, "data");
    assert.equal(processesWith(mark).length, 1);
    parent.kill("SIGKILL");
    await exited;
    await eventually(() => processesWith(mark).length === 0, "arecord is gone");
  });

  test("ten seconds of recording are as long as ten seconds", withPulse, async () => {
    await using pulse = await startPulse();
    await using microphone = record(pulse);
    await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
    const drift = await driftMs(microphone.listening, 16_000, 10_000);
    assert.ok(Math.abs(drift) < 300, `${drift} ms`);
  });
});

// By itself: others in the same process take memory, too.
test("an ALSA device that is not paced is refused before it fills the memory", withAlsa, async () => {
  const directory = await mkdtemp(join(tmpdir(), "unpaced-"));
  const config = join(directory, "asound.conf");
  await writeFile(config, "pcm.unpaced { type null }\n");
  {
    const before = process.memoryUsage().rss;
    await using microphone = record({ device: "unpaced", env: { ALSA_CONFIG_PATH: config } });
    await microphone.listening.until(() => microphone.listening.of("interrupted").length > 0);
    assert.equal(microphone.listening.of("interrupted")[0]?.fault.code, "device-unsuitable");
    assert.ok(microphone.listening.count < 13 * 16_000);
    const grown = (process.memoryUsage().rss - before) / 1e6;
    assert.ok(grown < 100, `${grown} MB`);
  }
  await rm(directory, { recursive: true });
});
