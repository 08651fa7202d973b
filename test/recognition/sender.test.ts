import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionBounds } from "../../src/recognition/bounds.ts";
import { Sender } from "../../src/recognition/sender.ts";
import { Session } from "../../src/recognition/session.ts";
import { Throttle } from "../../src/recognition/throttle.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const sampleRate = 8000;

/** A sender of 100 ms messages, and a log that holds these pieces (position, samples); null: not at hand just now. */
function senderLab(pieces: readonly (readonly [position: number, samples: number] | null)[]) {
  const clock = new ManualClock();
  const left = [...pieces];
  const messages: { readonly sound: number; readonly silence: number }[] = [];
  const log = {
    sampleRate,
    get unread() {
      return left.reduce((sum, piece) => sum + (piece?.[1] ?? 0), 0);
    },
    get endsAtHole() {
      return left.length > 1;
    },
    read(count: number) {
      const piece = left.shift() ?? null;
      if (piece === null) return null;
      const [position, length] = piece;
      if (length > count) left.unshift([position + count, length - count]);
      return { position, samples: new Int16Array(Math.min(count, length)).fill(1) };
    },
  };
  const link = {
    bufferedBytes: () => 0,
    sendText() {},
    ping() {},
    sendAudio(bytes: Uint8Array) {
      const sound = bytes.filter((sample) => sample === 1).length;
      messages.push({ sound, silence: bytes.length - sound });
    },
    close() {},
    destroy() {},
  };
  const sender = new Sender({
    log,
    clock,
    bounds: sessionBounds("continuous", { audioFormat: "pcm8k16bit", property: "chinese_8k_common" }),
    throttle: new Throttle(3, 1, clock.monotonicMs()),
    chunkMs: 100,
    encode: (samples) => Uint8Array.from(samples),
    onSent() {},
  });
  const session = new Session("s", "t", pieces[0]?.[0] ?? 0, sampleRate);
  sender.begin();
  return {
    clock,
    sender,
    session,
    messages,
    pump: (last = false) => sender.pump(session, link, { last, untilPause: true }),
  };
}

test("what is shorter than the service takes, before a hole in the log, is filled up; times and positions stay true", () => {
  const lab = senderLab([
    [0, 1000],
    [8000, 100],
    [16_000, 500],
    [24_000, 800],
  ]);
  assert.equal(lab.pump().why, "live");
  assert.deepEqual(lab.messages, [
    { sound: 800, silence: 0 },
    { sound: 200, silence: 200 },
    { sound: 100, silence: 300 },
    { sound: 500, silence: 0 },
    { sound: 800, silence: 0 },
  ]);
  assert.equal(lab.sender.sent, 2900, "pongs count what was really sent");
  assert.equal(lab.session.sentMs, 362.5);
  assert.deepEqual(
    [100, 120, 125, 140, 160, 175, 240, 262.5].map((ms) => lab.session.positionAt(ms)),
    [800, 960, 1000, 1000, 8080, 8100, 16_320, 24_000],
  );
});

test("what lies before a hole goes at once, however short: no more will come to it; what lies at the end waits", () => {
  const lab = senderLab([
    [0, 900],
    [8000, 100],
  ]);
  assert.equal(lab.pump().why, "live");
  assert.deepEqual(lab.messages, [
    { sound: 800, silence: 0 },
    { sound: 100, silence: 300 },
  ]);
});

test("sound that the log does not have at hand is asked for again soon; for too long, and the session is starved", () => {
  const lab = senderLab([[0, 800], ...Array.from({ length: 400 }, () => null), [800, 8000]]);
  const pause = { why: "fetching", againAtMs: lab.clock.monotonicMs() + 30 };
  assert.deepEqual(lab.pump(), pause);
  lab.clock.advance(30);
  assert.deepEqual(lab.pump(), { ...pause, againAtMs: pause.againAtMs + 30 });
  assert.equal(lab.messages.length, 1);
  lab.clock.advance(15_000);
  assert.equal(lab.pump().why, "paced");
  lab.clock.advance(30);
  assert.deepEqual(lab.pump(), { why: "starved" });
});

test("after a hold-up, what the service may have said is read before anything is written, however often sound comes", () => {
  const lab = senderLab([[0, 4000]]);
  lab.clock.advance(1_001);
  const pause = { why: "paced", againAtMs: lab.clock.monotonicMs() + 30 };
  assert.deepEqual(lab.pump(), pause);
  lab.clock.advance(29);
  assert.deepEqual(lab.pump(), pause);
  assert.equal(lab.messages.length, 0);
  lab.clock.advance(1);
  assert.equal(lab.pump().why, "live");
  assert.equal(lab.messages.length, 5);
});

test("at the end there is no time for that: what is left is sent", () => {
  const lab = senderLab([[0, 4000]]);
  lab.clock.advance(1_001);
  assert.equal(lab.pump(true).why, "live");
  assert.equal(lab.messages.length, 5);
});

test("the end of a source is sent to its last sample, however short, unless it is still being fetched", () => {
  const lab = senderLab([null, [0, 80]]);
  assert.equal(lab.pump(true).why, "fetching");
  assert.equal(lab.pump(true).why, "live");
  assert.deepEqual(lab.messages, [{ sound: 80, silence: 320 }]);
});
