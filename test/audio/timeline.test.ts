import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../src/audio/timeline.ts";

const perMs = 16;

/** Feeds `seconds` of sound in `chunkMs` pieces; `lateMs` tells how late the piece that ends at a given time arrives. */
function feed(
  timeline: Timeline,
  options: {
    from: number;
    seconds: number;
    chunkMs: number;
    wallMs: number;
    drift?: number;
    lateMs: (ms: number) => number;
  },
) {
  for (let ms = options.from + options.chunkMs; ms <= options.from + options.seconds * 1000; ms += options.chunkMs) {
    const nowMs = ms * (1 + (options.drift ?? 0)) + options.lateMs(ms);
    timeline.arrived((ms - options.chunkMs) * perMs, ms * perMs, nowMs, () => options.wallMs + nowMs);
  }
}

test("arrivals that come late now and then do not move the clock", () => {
  const timeline = new Timeline(16000, true);
  timeline.openStream("a", 0);
  feed(timeline, { from: 0, seconds: 60, chunkMs: 100, wallMs: 1e12, lateMs: (ms) => (ms % 700 === 0 ? 0 : 80) });
  for (const ms of [0, 5_000, 15_000, 33_333, 59_000]) {
    assert.ok(Math.abs(timeline.wallMs(ms * perMs) - (1e12 + ms)) < 1, `at ${ms} ms`);
  }
});

test("a sound card that runs 200 ppm slow is followed: after an hour the clock is right to 5 ms", () => {
  const timeline = new Timeline(16000, true);
  timeline.openStream("a", 0);
  feed(timeline, { from: 0, seconds: 3600, chunkMs: 100, wallMs: 1e12, drift: 200e-6, lateMs: () => 0 });
  assert.ok(Math.abs(timeline.wallMs(3_590_000 * perMs) - (1e12 + 3_590_000 * 1.0002)) < 5);
});

test("a wall clock that is set counts within a second, for what comes then; what came before keeps its time", () => {
  const timeline = new Timeline(16000, true);
  timeline.openStream("a", 0);
  feed(timeline, { from: 0, seconds: 14, chunkMs: 100, wallMs: 0, lateMs: (ms) => (ms % 700 === 0 ? 0 : 30) });
  feed(timeline, { from: 14_000, seconds: 3, chunkMs: 100, wallMs: 1e12, lateMs: () => 30 });
  assert.ok(Math.abs(timeline.wallMs(13_900 * perMs) - 13_900) <= 1);
  assert.ok(Math.abs(timeline.wallMs(15_100 * perMs) - (1e12 + 15_100)) <= 1);
});

test("a clock that has jumped, as over a suspend, moves nothing that came before, also where sound comes sooner than ever", () => {
  const timeline = new Timeline(16000, true);
  timeline.openStream("a", 0);
  feed(timeline, { from: 0, seconds: 6, chunkMs: 100, wallMs: 0, lateMs: () => 30 });
  feed(timeline, { from: 6_000, seconds: 1, chunkMs: 100, wallMs: 8 * 3_600_000, lateMs: () => 0 });
  assert.ok(Math.abs(timeline.wallMs(3_000 * perMs) - 3_000) <= 30);
});

test("a wall clock that is set after boot counts from then on", () => {
  const timeline = new Timeline(16000, true);
  timeline.openStream("a", 0);
  feed(timeline, { from: 0, seconds: 20, chunkMs: 100, wallMs: 0, lateMs: () => 0 });
  feed(timeline, { from: 20_000, seconds: 20, chunkMs: 100, wallMs: 1e12, lateMs: () => 0 });
  assert.equal(timeline.wallMs(5_000 * perMs), 5_000);
  assert.equal(timeline.wallMs(35_000 * perMs), 1e12 + 35_000);
});

test("a file played fast keeps the time of its own sound", () => {
  const timeline = new Timeline(16000, false);
  timeline.openStream("a", 0);
  for (let i = 0; i < 300; i += 1) timeline.arrived(i * 1600, (i + 1) * 1600, (i + 1) * 10, () => 1e12 + (i + 1) * 10);
  assert.equal(timeline.wallMs(20_000 * perMs) - timeline.wallMs(0), 20_000);
});

test("what is older than needed is forgotten, not more: memory does not grow with time", () => {
  const timeline = new Timeline(16000, true);
  timeline.openStream("a", 0);
  // The wall clock is an hour further on every 10 s, so that each point of the clock can be told from the others.
  const wallMsAt = (second: number) => Math.floor(second / 10) * 3_600_000;
  for (let second = 0; second < 3600; second += 1) {
    feed(timeline, { from: second * 1000, seconds: 1, chunkMs: 1000, wallMs: wallMsAt(second), lateMs: () => 0 });
  }
  timeline.forgetBefore(3_595_000 * perMs);
  assert.equal(timeline.wallMs(0), wallMsAt(3_595), "the time of what is forgotten is guessed from the oldest kept");
  assert.equal(timeline.wallMs(3_594_000 * perMs), wallMsAt(3_594) + 3_594_000);
  assert.equal(timeline.nameOf(3_595_000 * perMs), `a-${3_595_000 * perMs}`);
});
