import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Playback, startPlayback } from "../../src/audio/playback.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { Logger } from "../../src/base/logger.ts";
import { dtmf, plainDtmf } from "../../src/simulator/dtmf.ts";
import { eventually, missing, processesWith, zombies } from "./lab/processes.ts";
import { missingForPulse, startPulse } from "./lab/pulse.ts";
import { missingForMicrophone, recordRoom } from "./lab/room-ear.ts";

const fakes = fileURLToPath(new URL("lab/fake-player", import.meta.url));
const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Limits of seconds pass in a tenth of the time. */
const hastyClock: Clock = { ...systemClock, after: (delayMs, action) => systemClock.after(delayMs / 10, action) };

function fake(behaviour: string, options: { words?: string; file?: string; path?: string; clock?: Clock } = {}) {
  const mark = randomUUID();
  const playback = startPlayback({
    player: "aplay",
    device: "plughw:1",
    sampleRate: 16_000,
    env: {
      PATH: options.path ?? `${fakes}:${process.env["PATH"]}`,
      FAKE_PLAYER: behaviour,
      FAKE_WORDS: options.words ?? "",
      FAKE_FILE: options.file ?? "/dev/null",
      FAKE_MARK: mark,
    },
    clock: options.clock ?? systemClock,
    logger: silentLogger,
  });
  return {
    playback,
    async [Symbol.asyncDispose]() {
      playback.stop();
      await playback.ended;
      await eventually(() => processesWith(mark).length === 0, `${behaviour} is gone`);
      await eventually(() => zombies().length === 0, "zombies are gone");
    },
  };
}

/** Gives sound as long as there is room, until the player ends or all is given. */
async function feed(playback: Playback, samples: Int16Array): Promise<void> {
  let over = false;
  void playback.ended.then(() => (over = true));
  for (let at = 0; at < samples.length && !over; ) {
    if (playback.roomMs > 0) playback.give(samples.subarray(at, (at += 1600)));
    else await setTimeout(10);
  }
}

const second = new Int16Array(16_000).fill(1000);

suite("a player", { timeout: 150_000 }, () => {
  test("gets every sample in order", async () => {
    const folder = await mkdtemp(join(tmpdir(), "player-"));
    const file = join(folder, "sound");
    await using lab = fake("keeps", { file });
    const samples = Int16Array.from({ length: 24_000 }, (_, n) => n);
    await feed(lab.playback, samples);
    lab.playback.finish();
    assert.equal(await lab.playback.ended, null);
    assert.deepEqual(new Int16Array(new Uint8Array(await readFile(file)).buffer), samples);
    await rm(folder, { recursive: true });
  });

  test("is never given more than a second ahead", async () => {
    await using lab = fake("keeps");
    const begun = performance.now();
    let givenMs = 0;
    while (givenMs < 1500) {
      if (lab.playback.roomMs > 0) {
        lab.playback.give(second.subarray(0, 1600));
        givenMs += 100;
        assert.ok(givenMs <= performance.now() - begun + 1100 + 5);
      } else {
        await setTimeout(10);
      }
    }
  });

  const faults: readonly (readonly [behaviour: string, words: string, code: string, message: RegExp])[] = [
    [
      "fails",
      "aplay: main:831: audio open error: No such file or directory",
      "speaker-missing",
      /plughw:1 is not there/,
    ],
    ["fails", "aplay: main:831: audio open error: Device or resource busy", "speaker-busy", /in use by another/],
    ["fails", "out of luck", "player-failed", /exit code 1 \(out of luck\)/],
    ["fails-in-sound", "aplay: pcm_write:2127: write error: No such device", "speaker-lost", /went away while playing/],
    ["exit-0", "", "player-failed", /ended by itself, exit code 0/],
    ["killed", "", "player-failed", /ended by SIGKILL/],
  ];
  for (const [behaviour, words, code, message] of faults) {
    test(`${behaviour} ${words}: ${code}`, async () => {
      await using lab = fake(behaviour, { words });
      await feed(lab.playback, new Int16Array(48_000));
      const fault = await lab.playback.ended;
      assert.equal(fault?.code, code);
      assert.match(fault.message, message);
      assert.notEqual(fault.hint, "");
    });
  }

  test("is not installed: player-missing, with what to install", async () => {
    await using lab = fake("keeps", { path: "/nonexistent" });
    const fault = await lab.playback.ended;
    assert.equal(fault?.code, "player-missing");
    assert.match(fault.hint, /alsa-utils/);
  });

  for (const behaviour of ["hangs", "never-ends"]) {
    test(`${behaviour}: player-stalled, some seconds after its sound should be over`, async () => {
      await using lab = fake(behaviour, { clock: hastyClock });
      lab.playback.give(second);
      lab.playback.finish();
      assert.equal((await lab.playback.ended)?.code, "player-stalled");
    });
  }

  test("takes nothing any more while there is sound to give: player-stalled", async () => {
    await using lab = fake("hangs", { clock: hastyClock });
    // More than any pipe holds.
    for (let n = 0; n < 40; n += 1) lab.playback.give(second);
    assert.equal((await lab.playback.ended)?.code, "player-stalled");
  });

  test("does not obey TERM: it is killed", async () => {
    await using lab = fake("ignores-term");
    lab.playback.give(second);
    await setTimeout(200);
    lab.playback.stop();
    assert.equal(await lab.playback.ended, null);
  });
});

suite("a loudspeaker in a room", { timeout: 150_000, skip: missingForPulse("aplay") || missingForMicrophone() }, () => {
  for (const player of ["aplay", "play"] as const) {
    test(`${player}: what it plays is heard, whole and once`, { skip: missing(player) }, async () => {
      await using lab = await startPulse();
      await using ear = await recordRoom(lab);
      const playback = startPlayback({
        player,
        device: lab.speaker,
        sampleRate: 16_000,
        env: lab.env,
        clock: systemClock,
        logger: silentLogger,
      });
      const sound = dtmf("1234567890 0987654321", { ...plainDtmf, sampleRate: 16_000 });
      await feed(playback, sound);
      playback.finish();
      assert.equal(await playback.ended, null);
      assert.equal(await ear.heard("0987654321".length * 2), "12345678900987654321");
    });
  }

  test("a device that is not there is named", async () => {
    await using lab = await startPulse();
    const playback = startPlayback({
      player: "aplay",
      device: "nonesuch",
      sampleRate: 16_000,
      env: lab.env,
      clock: systemClock,
      logger: silentLogger,
    });
    const fault = await playback.ended;
    assert.equal(fault?.code, "speaker-missing");
    assert.match(fault.message, /device nonesuch is not there/);
  });

  test("a sound server that dies is noticed", async () => {
    await using lab = await startPulse();
    const playback = startPlayback({
      player: "aplay",
      device: lab.speaker,
      sampleRate: 16_000,
      env: lab.env,
      clock: systemClock,
      logger: silentLogger,
    });
    const feeding = feed(playback, new Int16Array(16_000 * 20));
    await setTimeout(500);
    await lab.kill();
    const fault = await playback.ended;
    assert.ok(fault !== null);
    await feeding;
  });
});
