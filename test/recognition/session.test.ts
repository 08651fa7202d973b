import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "../../src/recognition/session.ts";

const session = (start = 0) => new Session("s", "t", start, 8000);

test("times of the session are positions of the log, over holes that the session never saw", () => {
  const it = session(800);
  it.send(800, 800);
  it.send(1600, 800);
  it.send(10_000, 800);
  assert.deepEqual(
    [0, 100, 199, 200, 250, 300, 5000].map((ms) => it.positionAt(ms)),
    [800, 1600, 2392, 10_000, 10_400, 10_800, 10_800],
  );
  assert.equal(it.sentTo, 10_800);
  assert.equal(it.sentMs, 300);
});

test("silence that was filled in takes time of the session and no place in the log", () => {
  const it = session();
  it.send(0, 100, 300); // 12.5 ms filled up to 50
  it.send(100, 800); // the log goes on without a hole
  it.send(4000, 400, 400);
  assert.equal(it.sentMs, 250);
  assert.equal(it.sentTo, 4400);
  assert.deepEqual(
    [10, 12.5, 30, 49, 50, 100, 150, 180, 200, 220, 900].map((ms) => it.positionAt(ms)),
    [80, 100, 100, 100, 100, 500, 4000, 4240, 4400, 4400, 4400],
  );
});

test("what ends behind all that was heard is no repeat, though the service lets everything begin with the session", () => {
  const it = session();
  it.send(0, 80_000);
  it.hear({ from: 0, to: 40_000 });
  assert.equal(it.hasHeard({ from: 0, to: 60_000 }), false);
  assert.equal(it.hasHeard({ from: 0, to: 41_000 }), true, "125 ms are the service's rounding");
  assert.equal(it.hasHeard({ from: 0, to: 20_000 }), true);
});

test("a segment that is told again with its closing silence is a repeat", () => {
  const it = session();
  it.send(0, 80_000);
  it.hear({ from: 4_000, to: 24_000 });
  assert.equal(it.hasHeard({ from: 4_000, to: 28_000 }), true);
});

test("a result of no length is told from a repeat of itself", () => {
  const it = session();
  it.send(0, 8000);
  assert.equal(it.hasHeard({ from: 400, to: 400 }), false);
  it.hear({ from: 400, to: 400 });
  assert.equal(it.hasHeard({ from: 400, to: 400 }), true);
  assert.equal(it.hasHeard({ from: 480, to: 800 }), false);
});
