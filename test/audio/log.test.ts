import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AudioLog, type Gap } from "../../src/audio/log.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const sampleRate = 8000;
const perMs = sampleRate / 1000;

function lab(capacityMs: number) {
  const clock = new ManualClock();
  const gaps: Gap[] = [];
  const log = new AudioLog({ sampleRate, capacityMs, live: true, clock, onGap: (gap) => gaps.push(gap) });
  log.openStream("a");
  let next = 0;
  /** Captures `ms` of a running number. */
  const capture = (ms: number) => {
    clock.advance(ms);
    log.append(Int16Array.from({ length: ms * perMs }, () => (next++ % 30000) + 1));
  };
  return { clock, gaps, log, capture };
}

test("what was captured is read in order, whole chunks at a time, and every sample has its position", () => {
  const { log, capture } = lab(1000);
  capture(70);
  assert.equal(log.read(100 * perMs), null);
  capture(70);
  const chunk = log.read(100 * perMs);
  assert.equal(chunk?.position, 0);
  assert.deepEqual(
    [...(chunk?.samples ?? [])],
    Array.from({ length: 800 }, (_, i) => i + 1),
  );
  assert.equal(log.read(100 * perMs), null);
  assert.equal(log.read(100 * perMs, 1)?.samples.length, 40 * perMs);
});

test("after a rewind the unsettled sound comes again, across the ring's seam", () => {
  const { log, capture } = lab(300);
  for (let i = 0; i < 4; i += 1) {
    capture(100);
    log.read(800);
  }
  log.settle(2 * 800);
  log.rewind();
  assert.deepEqual(
    log.read(1600)?.samples,
    Int16Array.from({ length: 1600 }, (_, i) => i + 1601),
  );
});

test("unread sound that falls out of a full buffer is lost, counted, and reported with its wall-clock time", () => {
  const { clock, log, capture, gaps } = lab(1000);
  const startMs = clock.wallMs();
  for (let i = 0; i < 15; i += 1) capture(100);
  assert.equal(log.ledger().lostMs, 500);
  assert.equal(log.read(800)?.position, 500 * perMs);
  assert.deepEqual(gaps, [{ fromMs: startMs, toMs: startMs + 500, lostMs: 500, cause: "buffer-full" }]);
});

test("a long loss is reported every 10 s, and the reports add up", () => {
  const { log, capture, gaps } = lab(1000);
  for (let i = 0; i < 260; i += 1) capture(100);
  assert.equal(log.ledger().lostMs, 25_000);
  log.close();
  assert.deepEqual(
    gaps.map((gap) => [gap.cause, gap.lostMs]),
    [
      ["buffer-full", 10_000],
      ["buffer-full", 10_000],
      ["buffer-full", 5_000],
      ["stopped", 1_000],
    ],
  );
});

test("sent sound that falls out is lost only if it has to be sent again", () => {
  const heard = lab(1000);
  for (let i = 0; i < 30; i += 1) {
    heard.capture(100);
    heard.log.read(800);
  }
  assert.equal(heard.log.ledger().lostMs, 0);
  heard.log.settle(30 * 800);
  heard.log.rewind();
  assert.deepEqual(heard.log.ledger(), {
    capturedMs: 3000,
    acknowledgedMs: 3000,
    pendingMs: 0,
    lostMs: 0,
    missedMs: 0,
  });

  const broken = lab(1000);
  for (let i = 0; i < 30; i += 1) {
    broken.capture(100);
    broken.log.read(800);
  }
  broken.log.rewind();
  assert.deepEqual(broken.log.ledger(), {
    capturedMs: 3000,
    acknowledgedMs: 0,
    pendingMs: 1000,
    lostMs: 2000,
    missedMs: 0,
  });
});

test("settling never goes back and never beyond what was read", () => {
  const { log, capture } = lab(1000);
  capture(500);
  log.read(800);
  log.settle(5000);
  assert.equal(log.settled, 800);
  log.settle(100);
  assert.equal(log.settled, 800);
});

test("a late result may settle what a rewind put back", () => {
  const { log, capture } = lab(1000);
  capture(500);
  log.read(3200);
  log.rewind();
  log.settle(1600);
  assert.equal(log.cursor, 1600);
});

test("the time without a recorder is a gap of its true length; lost time the recorder tells of, too", () => {
  const { clock, log, capture, gaps } = lab(10_000);
  capture(100);
  clock.advance(2000);
  log.breakOff();
  clock.advance(1000);
  log.openStream("b");
  capture(100);
  log.overrun(40);
  assert.deepEqual(
    gaps.map((gap) => [gap.cause, gap.lostMs, gap.toMs - gap.fromMs]),
    [
      ["capture", 3000, 3000],
      ["overrun", 40, 40],
    ],
  );
  assert.equal(log.ledger().missedMs, 3040);
});

test("positions have lasting names and wall-clock times, per stream", () => {
  const { clock, log, capture } = lab(10_000);
  const startMs = clock.wallMs();
  capture(200);
  clock.advance(5000);
  log.openStream("b");
  capture(100);
  assert.equal(log.nameOf(0), "a-0");
  assert.equal(log.nameOf(200 * perMs + 8), "b-8");
  assert.equal(log.wallMs(100 * perMs), startMs + 100);
  assert.equal(log.wallMs(200 * perMs + 8), startMs + 5201);
});

test("the ledger balances and nothing is read twice between rewinds, whatever happens in whatever order", () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant("capture" as const), ms: fc.integer({ min: 1, max: 900 }) }),
    fc.record({ do: fc.constant("read" as const), ms: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ do: fc.constant("settle" as const), ms: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ do: fc.constant("abandon" as const), ms: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ do: fc.constant("rewind" as const), ms: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const { log, capture, gaps } = lab(1000);
      let readTo = 0;
      for (const { do: what, ms } of actions) {
        if (what === "capture") capture(ms);
        else if (what === "settle") log.settle(ms * perMs);
        else if (what === "abandon") log.abandon(log.settled + ms * perMs, "unrecognised");
        else if (what === "rewind") {
          log.rewind();
          readTo = log.cursor;
        } else {
          const chunk = log.read(ms * perMs, 1);
          if (chunk !== null) {
            assert.ok(chunk.position >= readTo);
            assert.equal(chunk.samples[0], (chunk.position % 30000) + 1);
            readTo = chunk.position + chunk.samples.length;
          }
        }
        const ledger = log.ledger();
        assert.equal(ledger.capturedMs, ledger.acknowledgedMs + ledger.pendingMs + ledger.lostMs);
        assert.ok(ledger.pendingMs >= 0 && ledger.acknowledgedMs >= 0);
      }
      log.close();
      const reported = gaps.reduce((sum, gap) => sum + gap.lostMs, 0);
      assert.ok(Math.abs(reported - log.ledger().lostMs) < 1e-6);
      assert.equal(log.ledger().pendingMs, 0);
    }),
    { numRuns: 2000 },
  );
});
