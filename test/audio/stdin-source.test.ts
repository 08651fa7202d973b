import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { streamInput } from "../../src/audio/byte-input.ts";
import { stdinSource } from "../../src/audio/stdin-source.ts";
import { wavHeader } from "../../src/audio/wav.ts";
import { systemClock } from "../../src/base/clock.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { Listening } from "./listening.ts";

const sound = Int16Array.from({ length: 3_000 }, (_, n) => n * 7);
const raw = Buffer.from(sound.buffer);
const wav = Buffer.concat([wavHeader({ encoding: "s16", channels: 1, sampleRate: 16_000 }, "unknown"), raw]);

for (const [kind, bytes] of [
  ["raw", raw],
  ["WAV", wav],
] as const) {
  test(`${kind} sound is the same however the pipe cuts it, odd bytes included`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 9 }), async (cuts) => {
        const input = new PassThrough();
        await using listening = new Listening(
          stdinSource({ input: streamInput(input), sampleRate: 16_000, clock: systemClock }),
        );
        let from = 0;
        for (const to of [1, 2, 3, ...cuts.toSorted((a, b) => a - b), bytes.length]) {
          input.write(bytes.subarray(from, Math.max(from, to)));
          from = Math.max(from, to);
        }
        input.end();
        assert.equal(await listening.end(), null);
        assert.deepEqual(listening.samples, sound);
        assert.deepEqual(listening.events[0], { type: "opened", description: "standard input, 16000 Hz mono 16-bit" });
      }),
      { numRuns: 30 },
    );
  });
}

test("a WAV of another kind is converted, and says so", async () => {
  const input = new PassThrough();
  await using listening = new Listening(
    stdinSource({ input: streamInput(input), sampleRate: 16_000, clock: systemClock }),
  );
  input.end(
    Buffer.concat([wavHeader({ encoding: "mulaw", channels: 2, sampleRate: 8_000 }, 800), Buffer.alloc(800, 0xff)]),
  );
  assert.equal(await listening.end(), null);
  assert.equal(listening.count, 800);
  assert.equal(
    listening.of("opened")[0]?.description,
    "standard input, 8000 Hz stereo µ-law, converted to 16000 Hz mono",
  );
});

test("sound is told of as it comes, before the stream ends", async () => {
  const input = new PassThrough();
  await using listening = new Listening(
    stdinSource({ input: streamInput(input), sampleRate: 16_000, clock: systemClock }),
  );
  input.write(raw.subarray(0, 1_000));
  await listening.until(() => listening.count === 500);
});

for (const idleMs of [0, 600_000]) {
  test(`a file that is piped in at once, after ${idleMs} ms of nothing, comes at the pace of time: no buffer overflows`, async () => {
    const clock = new ManualClock();
    const input = new PassThrough({ highWaterMark: 0 });
    await using listening = new Listening(stdinSource({ input: streamInput(input), sampleRate: 16_000, clock }));
    await setImmediate();
    clock.advance(idleMs);
    Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(32_000))).pipe(input);
    await listening.until(() => listening.count >= 6 * 16_000);
    for (let second = 7; second <= 20; second += 1) {
      await setImmediate(); // it takes its pause after it has told of the sound
      assert.equal(clock.pending, 1, "5 s ahead, it waits");
      assert.equal(listening.count, (second - 1) * 16_000);
      clock.advance(1_000);
      await listening.until(() => listening.count >= second * 16_000);
    }
    await setImmediate();
    clock.advance(1_000);
    assert.equal(await listening.end(), null);
  });
}

test("an empty stream, a WAV that cannot be played, and a stream that breaks end with a Fault", async () => {
  for (const [send, code] of [
    [(input: PassThrough) => input.end(), "source-unusable"],
    [(input: PassThrough) => input.end("RIFF____AVI and more"), "source-unusable"],
    [(input: PassThrough) => input.destroy(Object.assign(new Error("read EIO"), { code: "EIO" })), "source-unreadable"],
  ] as const) {
    const input = new PassThrough();
    await using listening = new Listening(
      stdinSource({ input: streamInput(input), sampleRate: 16_000, clock: systemClock }),
    );
    send(input);
    const fault = await listening.end();
    assert.equal(fault?.code, code);
    assert.match(fault.message, /^standard input: /);
  }
});

test("stopped while it waits for sound it is silent, and the input is let go", async () => {
  const input = new PassThrough();
  const listening = new Listening(stdinSource({ input: streamInput(input), sampleRate: 16_000, clock: systemClock }));
  input.write(raw);
  await listening.until(() => listening.count === sound.length);
  const before = listening.events.length;
  await listening.source.stop();
  assert.ok(input.destroyed);
  assert.equal(listening.events.length, before);
});

test("a process that reads its real standard input ends by itself, at the end of the pipe and when stopped", async () => {
  const source = new URL("../../src/audio/stdin-source.ts", import.meta.url).href;
  const input = new URL("../../src/audio/byte-input.ts", import.meta.url).href;
  const clock = new URL("../../src/base/clock.ts", import.meta.url).href;
  const script = (stopAfter: number) => `
    import { stdinSource } from ${JSON.stringify(source)};
    import { standardInput } from ${JSON.stringify(input)};
    import { systemClock } from ${JSON.stringify(clock)};
    const source = stdinSource({ input: standardInput(), sampleRate: 16000, clock: systemClock });
    let samples = 0;
    source.start((event) => {
      if (event.type === "audio") samples += event.samples.length;
      if (event.type === "ended") console.log("ended", samples);
      else if (samples >= ${stopAfter}) source.stop().then(() => console.log("stopped", samples));
    });`;
  for (const [stopAfter, closes, expected] of [
    [Number.POSITIVE_INFINITY, true, "ended 3000\n"],
    [3_000, false, "stopped 3000\n"],
  ] as const) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script(stopAfter)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const said = text(child.stdout);
    const exited = once(child, "exit");
    child.stdin.write(raw);
    if (closes) child.stdin.end();
    assert.equal(await said, expected);
    assert.deepEqual(await exited, [0, null]);
    child.stdin.destroy();
  }
});
