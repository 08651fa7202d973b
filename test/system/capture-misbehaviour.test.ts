import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { microphone } from "../../src/audio/microphone.ts";
import type { Recorder } from "../../src/audio/recorder.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { Logger } from "../../src/base/logger.ts";
import { Listening } from "../audio/listening.ts";
import { eventually, processesWith, zombies } from "./lab/processes.ts";

const fakes = fileURLToPath(new URL("lab/fake-recorder", import.meta.url));

const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

interface Fake extends AsyncDisposable {
  readonly listening: Listening;
  /** Processes of this recorder that are alive, children of it included. */
  alive(): number[];
}

/** A microphone whose arecord misbehaves. Disposal stops it, and asserts that nothing of it is left. */
function fake(
  behaviour: string,
  options: {
    words?: string;
    count?: string;
    path?: string;
    recorder?: Recorder;
    random?: () => number;
    clock?: Clock;
  } = {},
): Fake {
  const mark = randomUUID();
  const env = {
    PATH: options.path ?? `${fakes}:${process.env["PATH"]}`,
    FAKE_RECORDER: behaviour,
    FAKE_WORDS: options.words ?? "",
    FAKE_COUNT: options.count ?? "/dev/null",
    FAKE_MARK: mark,
  };
  const listening = new Listening(
    microphone({
      recorder: options.recorder ?? "arecord",
      device: "plughw:1",
      sampleRate: 16_000,
      env,
      clock: options.clock ?? systemClock,
      random: options.random ?? (() => 0.5),
      logger: silentLogger,
    }),
  );
  const alive = () => processesWith(mark);
  return {
    listening,
    alive,
    async [Symbol.asyncDispose]() {
      await listening.source.stop();
      const said = listening.events.length;
      // The script's own short sleeps may outlive it.
      await eventually(() => alive().length === 0, `${behaviour} is gone`);
      assert.equal(listening.events.length, said);
    },
  };
}

async function firstInterruption(listening: Listening, withinMs?: number) {
  await listening.until(() => listening.of("interrupted").length > 0, withinMs);
  const [interrupted] = listening.of("interrupted");
  assert.ok(interrupted);
  return interrupted;
}

suite("a recorder that", { concurrency: 8 }, () => {
  test("works is heard, and gone after the stop", async () => {
    await using microphone = fake("steady");
    await microphone.listening.until(() => microphone.listening.count > 8_000);
    assert.deepEqual(microphone.listening.events[0], {
      type: "opened",
      description: "arecord, device plughw:1, 16000 Hz",
    });
    assert.deepEqual(microphone.listening.of("interrupted"), []);
  });

  test("ends by itself with exit code 0 is an interruption, and all it had said is heard", async () => {
    await using microphone = fake("exit-0");
    const { fault, attempt, retryInMs } = await firstInterruption(microphone.listening);
    assert.equal(fault.code, "recorder-failed");
    assert.match(fault.message, /^arecord ended by itself, exit code 0/);
    assert.deepEqual([attempt, retryInMs], [1, 250]);
    assert.equal(microphone.listening.count, 4_800);
  });

  test("fails is started again and again, with growing waits, until it works", async () => {
    const directory = await mkdtemp(join(tmpdir(), "fake-recorder-"));
    const count = join(directory, "count");
    await using microphone = fake("fails-at-first", { count });
    await microphone.listening.until(() => microphone.listening.of("opened").length === 1);
    assert.deepEqual(
      microphone.listening.of("interrupted").map(({ attempt, retryInMs }) => [attempt, retryInMs]),
      [
        [1, 250],
        [2, 500],
      ],
    );
    assert.equal(await readFile(count, "utf8"), "run\nrun\nrun\n");
    await rm(directory, { recursive: true });
  });

  for (const [words, code] of [
    ["arecord: main:831: audio open error: No such file or directory", "device-missing"],
    ["arecord: main:831: audio open error: Device or resource busy", "device-busy"],
    ["arecord: main:831: audio open error: Permission denied", "device-denied"],
    ["arecord: main:831: audio open error: Connection refused", "sound-server-away"],
    ["arecord: set_params:1349: Channels count non available", "device-unsuitable"],
    ["what on earth", "recorder-failed"],
  ] as const) {
    test(`says "${words}" gives ${code}, with its words`, async () => {
      await using microphone = fake("fails", { words });
      const { fault } = await firstInterruption(microphone.listening);
      assert.equal(fault.code, code);
      assert.ok(fault.message.includes(words), fault.message);
      assert.deepEqual(microphone.listening.of("opened"), []);
    });
  }

  test("speaks another language is made to speak English", async () => {
    await using microphone = fake("tells-language");
    const { fault } = await firstInterruption(microphone.listening);
    assert.match(fault.message, /my language is C\b/);
  });

  test("loses its device in the middle of a line gives device-lost", async () => {
    await using microphone = fake("fails-after-sound", { words: "arecord: pcm_read:2221: read error: No such device" });
    const { fault } = await firstInterruption(microphone.listening);
    assert.equal(fault.code, "device-lost");
    assert.equal(microphone.listening.count, 1_600);
  });

  test("is not installed gives recorder-missing and what to install", async () => {
    for (const [recorder, hint] of [
      ["arecord", /apt-get install alsa-utils/],
      ["sox", /apt-get install sox/],
      ["rec", /apt-get install sox/],
    ] as const) {
      await using microphone = fake("steady", { path: "/nowhere", recorder });
      const { fault } = await firstInterruption(microphone.listening);
      assert.equal(fault.code, "recorder-missing");
      assert.match(fault.hint, hint);
    }
  });

  test("gives no first sound is a stall after 5 s", async () => {
    const startMs = performance.now();
    await using microphone = fake("hangs");
    const { fault } = await firstInterruption(microphone.listening);
    const tookMs = performance.now() - startMs;
    assert.equal(fault.code, "recorder-stalled");
    assert.ok(tookMs > 4_900 && tookMs < 15_000, `${tookMs} ms`);
  });

  test("falls silent is a stall after 2 s", async () => {
    await using microphone = fake("stalls");
    await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
    const startMs = performance.now();
    const { fault } = await firstInterruption(microphone.listening);
    const tookMs = performance.now() - startMs;
    assert.equal(fault.code, "recorder-stalled");
    assert.ok(tookMs > 1_900 && tookMs < 4_900, `${tookMs} ms`);
  });

  test("is stopped by a signal is a stall, and can still be ended", async () => {
    await using microphone = fake("stops-itself");
    assert.equal((await firstInterruption(microphone.listening)).fault.code, "recorder-stalled");
  });

  test("is stopped by a signal does not hold up our own stop", async () => {
    // A child that does not obey is given far longer than usual.
    const after = (delayMs: number, action: () => void) =>
      systemClock.after(delayMs === 500 ? 50_000 : delayMs, action);
    await using microphone = fake("stops-itself", { clock: { ...systemClock, after } });
    await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
    const startMs = performance.now();
    await microphone.listening.source.stop();
    assert.ok(performance.now() - startMs < 10_000);
  });

  test("does not obey TERM is killed", async () => {
    await using microphone = fake("ignores-term");
    await microphone.listening.until(() => microphone.listening.of("audio").length > 0);
    const startMs = performance.now();
    await microphone.listening.source.stop();
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs > 400 && tookMs < 10_000, `${tookMs} ms`);
  });

  test("floods us with sound is ended before it fills the memory", async () => {
    await using microphone = fake("floods");
    const { fault } = await firstInterruption(microphone.listening);
    assert.equal(fault.code, "device-unsuitable");
    assert.match(fault.message, /more sound than time passes/);
    assert.match(fault.hint, /plughw/);
    const seconds = microphone.listening.count / 16_000;
    assert.ok(seconds < 13, `${seconds} s of sound let through`);
  });

  test("runs at three times the rate asked for is found out in some seconds", async () => {
    await using microphone = fake("too-fast");
    const { fault } = await firstInterruption(microphone.listening, 40_000);
    assert.equal(fault.code, "device-unsuitable");
    assert.match(fault.message, /more sound than time passes: its rate is not the 16000 Hz/);
  });

  test("runs at a tenth of the rate asked for is found out too", async () => {
    await using microphone = fake("too-slow");
    const { fault } = await firstInterruption(microphone.listening, 50_000);
    assert.equal(fault.code, "device-unsuitable");
    assert.match(fault.message, /less sound than time passes/);
  });

  test("writes odd numbers of bytes loses none", async () => {
    await using microphone = fake("odd-bytes");
    await microphone.listening.until(() => microphone.listening.count >= 90);
    const heard = Buffer.from(microphone.listening.samples.buffer).toString("latin1");
    assert.equal(heard, "abc".repeat(heard.length).slice(0, heard.length));
  });

  test("writes megabytes of words without a line's end is heard nevertheless", async () => {
    await using microphone = fake("raves");
    await microphone.listening.until(() => microphone.listening.of("audio").length > 3);
    assert.deepEqual(microphone.listening.of("interrupted"), []);
  });

  test("reports more overruns than anyone can read is heard nevertheless", async () => {
    await using microphone = fake("chatters");
    await microphone.listening.until(() => microphone.listening.of("audio").length > 3);
    assert.deepEqual(microphone.listening.of("interrupted"), []);
  });

  test("reports an overrun is passed on in ms, and goes on", async () => {
    await using microphone = fake("overruns");
    await microphone.listening.until(() => microphone.listening.of("audio").length > 3);
    assert.deepEqual(microphone.listening.of("overrun"), [{ type: "overrun", lostMs: 12.345 }]);
    assert.deepEqual(microphone.listening.of("interrupted"), []);
  });

  test("leaves a child behind that holds its pipes open is not waited for", async () => {
    const microphone = fake("leaves-a-child");
    const { fault } = await firstInterruption(microphone.listening);
    assert.equal(fault.code, "recorder-failed");
    await microphone.listening.source.stop();
    for (const orphan of microphone.alive()) process.kill(orphan);
  });

  test("is stopped while it waits to be started again ends at once", async () => {
    await using microphone = fake("fails", { random: () => 0.999 });
    await microphone.listening.until(() => microphone.listening.of("interrupted").length === 3);
    const startMs = performance.now();
    await Promise.all([microphone.listening.source.stop(), microphone.listening.source.stop()]);
    assert.ok(performance.now() - startMs < 1_500);
  });
});

test("a stop in the same breath as the start leaves nothing", async () => {
  await using microphone = fake("steady");
  await microphone.listening.source.stop();
  assert.deepEqual(microphone.listening.events, []);
});

test("a process held up for longer than a stall does not blame the recorder", async () => {
  await using microphone = fake("steady");
  await microphone.listening.until(() => microphone.listening.of("audio").length > 3);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
  const before = microphone.listening.count;
  await microphone.listening.until(() => microphone.listening.count > before + 40_000);
  assert.deepEqual(microphone.listening.of("interrupted"), []);
});

test("out of file descriptors it is an interruption like any other, and over when they are back", () => {
  const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const script = `
    import { closeSync, openSync } from "node:fs";
    import { microphone } from ${source("audio/microphone.ts")};
    import { systemClock } from ${source("base/clock.ts")};
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const source = microphone({ recorder: "arecord", device: "d", sampleRate: 16000, clock: systemClock, random: () => 0.1, logger });
    const taken = [];
    const exhaust = () => { try { for (;;) taken.push(openSync("/dev/null")); } catch {} };
    let interruptions = 0;
    source.start((event) => {
      if (event.type === "opened") exhaust();
      if (event.type !== "interrupted") return;
      interruptions += 1;
      console.log(event.fault.code);
      if (interruptions === 2) taken.splice(0).forEach((each) => closeSync(each));
      if (interruptions === 3) source.stop();
    });`;
  const env = { ...process.env, PATH: `${fakes}:${process.env["PATH"]}`, FAKE_RECORDER: "exit-0" };
  const node = JSON.stringify(process.execPath);
  const ran = spawnSync("sh", ["-c", `ulimit -n 64; exec ${node} --input-type=module -e "$SCRIPT"`], {
    env: { ...env, SCRIPT: script },
    encoding: "utf8",
    timeout: 50_000,
  });
  assert.equal(ran.stderr, "");
  assert.equal(ran.stdout, "recorder-failed\n".repeat(3));
  assert.equal(ran.status, 0);
});

test("a hundred failures leave no file descriptor and no timer behind", async () => {
  const open = () => readdirSync("/proc/self/fd").length;
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
  const before = { open: open(), timers: timers() };
  {
    await using microphone = fake("fails", { random: () => 0 });
    await microphone.listening.until(() => microphone.listening.of("interrupted").length >= 100, 40_000);
  }
  await eventually(() => open() <= before.open, "descriptors are closed");
  assert.ok(timers() <= before.timers);
});

test("no zombie is left of all that", async () => {
  await eventually(() => zombies().length === 0, "zombies are gone");
});
