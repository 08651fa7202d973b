import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AudioLog, type Gap, type Ledger, type LossCause } from "../../src/audio/log.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { inMemory, OpenLog } from "../lab/open-log.ts";

const sampleRate = 8000;
const nothing: Ledger = {
  capturedMs: 0,
  resumedMs: 0,
  acknowledgedMs: 0,
  withheldMs: 0,
  mutedMs: 0,
  speakingMs: 0,
  pendingMs: 0,
  lostMs: 0,
  missedMs: 0,
};
const perMs = sampleRate / 1000;

function lab(capacityMs: number, live = true) {
  const clock = new ManualClock();
  const gaps: Gap[] = [];
  const log = new OpenLog({ sampleRate, capacityMs, live, clock, onGap: (gap) => gaps.push(gap), ...inMemory });
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

test("a long loss is reported ever more rarely, but at least each minute, and the reports add up", () => {
  const { log, capture, gaps } = lab(1000);
  for (let i = 0; i < 2_000; i += 1) capture(100);
  assert.equal(log.ledger().lostMs, 199_000);
  log.close();
  assert.deepEqual(
    gaps.map((gap) => [gap.cause, gap.lostMs]),
    [
      ["buffer-full", 10_000],
      ["buffer-full", 20_000],
      ["buffer-full", 40_000],
      ["buffer-full", 50_000],
      ["buffer-full", 50_000],
      ["buffer-full", 29_000],
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
    ...nothing,
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
    ...nothing,
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
  clock.advance(500);
  log.breakOff(); // an attempt that gave no sound does not begin another gap
  clock.advance(500);
  log.openStream("b");
  log.overrun(20); // the running gap counts it
  capture(100);
  log.overrun(40);
  capture(100); // told when it is clear that no break holds it
  assert.deepEqual(
    gaps.map((gap) => [gap.cause, gap.lostMs, gap.toMs - gap.fromMs]),
    [
      ["capture", 3000, 3000],
      ["overrun", 40, 40],
    ],
  );
  assert.equal(log.ledger().missedMs, 3040);
});

test("what a recorder drops before it breaks off is missed once, not twice", () => {
  const { clock, log, capture, gaps } = lab(10_000);
  capture(1_000);
  clock.advance(1_500);
  log.overrun(1_500);
  log.breakOff();
  clock.advance(1_200);
  capture(100);
  assert.equal(log.ledger().missedMs, 2_700);
  assert.deepEqual(
    gaps.map(({ lostMs, cause }) => ({ lostMs, cause })),
    [{ lostMs: 2_700, cause: "capture" }],
  );
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

test("a break that is still running when the program ends is a gap up to then", () => {
  const { clock, log, capture, gaps } = lab(10_000);
  const startMs = clock.wallMs();
  capture(100);
  log.breakOff();
  clock.advance(3_600_000);
  log.close();
  assert.deepEqual(gaps, [
    { fromMs: startMs + 100, toMs: startMs + 3_600_100, lostMs: 3_600_000, cause: "capture" },
    { fromMs: startMs, toMs: startMs + 100, lostMs: 100, cause: "stopped" },
  ]);
  assert.equal(log.ledger().missedMs, 3_600_000);
});

test("what is shorter than 50 ms is no break", () => {
  for (const [breakMs, missedMs] of [
    [49, 0],
    [50, 50],
  ] as const) {
    const { clock, log, capture, gaps } = lab(10_000);
    capture(100);
    log.breakOff();
    clock.advance(breakMs);
    capture(100);
    assert.equal(log.ledger().missedMs, missedMs);
    assert.equal(gaps.length, missedMs === 0 ? 0 : 1);
  }
});

test("before the first sound nothing can be missing", () => {
  const { clock, log, capture, gaps } = lab(10_000);
  log.overrun(50);
  log.breakOff();
  clock.advance(1000);
  capture(100);
  assert.deepEqual(gaps, []);
  assert.equal(log.ledger().missedMs, 0);
});

test("after an overrun of unknown length the sound has its true time again", () => {
  const { clock, log, capture } = lab(10_000);
  const startMs = clock.wallMs();
  capture(100);
  clock.advance(500);
  log.overrun(0);
  capture(100);
  assert.equal(log.wallMs(99 * perMs), startMs + 99);
  assert.equal(log.wallMs(150 * perMs), startMs + 650);
  assert.equal(log.ledger().missedMs, 0);
});

test("what is lost keeps its place: positions, names and times of what follows are those of when it was captured", () => {
  const { clock, log, capture, gaps } = lab(1000);
  const startMs = clock.wallMs();
  capture(300);
  log.read(300 * perMs);
  capture(2500); // more than is kept at all, in one piece
  assert.deepEqual(gaps, []);
  const chunk = log.read(100 * perMs);
  assert.deepEqual(gaps, [{ fromMs: startMs + 300, toMs: startMs + 1800, lostMs: 1500, cause: "buffer-full" }]);
  assert.equal(chunk?.position, 1800 * perMs);
  assert.equal(chunk.samples[0], 1800 * perMs + 1);
  assert.equal(chunk.samples.at(-1), 1900 * perMs);
  assert.equal(log.wallMs(chunk.position), startMs + 1800);
  assert.equal(log.nameOf(chunk.position), `a-${1800 * perMs}`);
  log.settle(1850 * perMs);
  assert.deepEqual(log.ledger(), {
    ...nothing,
    capturedMs: 2800,
    acknowledgedMs: 350,
    pendingMs: 950,
    lostMs: 1500,
    missedMs: 0,
  });
});

test("what is given up after a rewind is lost, not acknowledged", () => {
  const { log, capture, gaps } = lab(10_000);
  capture(1000);
  log.read(800 * perMs);
  log.rewind();
  log.abandon(500 * perMs, "unrecognised");
  assert.equal(log.cursor, 500 * perMs);
  assert.deepEqual(
    gaps.map((gap) => [gap.cause, gap.lostMs]),
    [["unrecognised", 500]],
  );
  assert.deepEqual(log.ledger(), {
    ...nothing,
    capturedMs: 1000,
    acknowledgedMs: 0,
    pendingMs: 500,
    lostMs: 500,
    missedMs: 0,
  });
});

test("two losses of one cause that do not follow one another are two gaps", () => {
  const { clock, log, capture, gaps } = lab(1000);
  const startMs = clock.wallMs();
  capture(1000);
  log.read(500 * perMs);
  capture(700);
  log.rewind();
  capture(100);
  log.close();
  assert.deepEqual(gaps, [
    { fromMs: startMs + 500, toMs: startMs + 700, lostMs: 200, cause: "buffer-full" },
    { fromMs: startMs, toMs: startMs + 500, lostMs: 500, cause: "buffer-full" },
    { fromMs: startMs + 700, toMs: startMs + 800, lostMs: 100, cause: "buffer-full" },
    { fromMs: startMs + 800, toMs: startMs + 1800, lostMs: 1000, cause: "stopped" },
  ]);
});

test("a gap in which the wall clock is set back a little does not end before it begins", () => {
  const { clock, log, capture, gaps } = lab(1000);
  const startMs = clock.wallMs();
  capture(1);
  clock.stepWall(-40);
  log.overrun(0);
  capture(1000);
  capture(1);
  log.read(1);
  assert.deepEqual(gaps, [{ fromMs: startMs, toMs: startMs + 1, lostMs: 2, cause: "buffer-full" }]);
});

test("a file that is played fast has the time of its own sound", () => {
  const { clock, log } = lab(60_000, false);
  const startMs = clock.wallMs();
  for (let second = 0; second < 30; second += 1) {
    clock.advance(500);
    log.append(new Int16Array(1000 * perMs));
  }
  assert.equal(log.wallMs(29_000 * perMs) - log.wallMs(0), 29_000);
  assert.ok(Math.abs(log.wallMs(0) - startMs) <= 500);
});

test("in a run of days, the clock of what is settled and out of the buffer is forgotten, in an outage too", () => {
  for (const serve of [
    (log: AudioLog) => {
      log.read(log.unread, 1);
      log.settle(log.cursor);
    },
    () => {},
  ]) {
    const { clock, log } = lab(1000);
    const minute = new Int16Array(60_000 * perMs);
    for (let n = 0; n < 1440; n += 1) {
      clock.advance(60_000);
      clock.stepWall(1000);
      log.append(minute);
      serve(log);
    }
    // No time is known any more but that of the last minute: the beginning is guessed from it.
    assert.equal(log.wallMs(0), log.wallMs(1439 * 60_000 * perMs) - 1439 * 60_000);
  }
});

test("what was sent and is not settled keeps its time, also out of the buffer: its results are still to come", () => {
  const { clock, log, capture } = lab(1000);
  const startMs = clock.wallMs();
  for (let n = 0; n < 60; n += 1) {
    capture(1000);
    log.read(log.unread);
    clock.stepWall(100);
  }
  assert.equal(log.wallMs(0), startMs);
});

type Fate = "pending" | "acknowledged" | LossCause;

/** What the log should be, kept in the simplest way: one fate for each sample, 1 sample a millisecond. */
class Model {
  readonly capacity: number;
  readonly fates: Fate[] = [];
  cursor = 0;
  readTo = 0;
  readonly missed = { capture: 0, overrun: 0 };
  idleMs = 0;
  overruns = 0;
  broken = false;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  capture(count: number): void {
    this.endBreak();
    for (let n = 0; n < count; n += 1) this.fates.push("pending");
    this.fate(this.cursor, this.oldest, "buffer-full");
    this.skipTo(this.oldest);
  }

  read(count: number): number {
    const taken = Math.min(count, this.fates.length - this.cursor);
    this.skipTo(this.cursor + taken);
    return taken;
  }

  /** What was read before `position` is settled with this fate. */
  finish(position: number, fate: Fate): void {
    const to = Math.min(position, this.readTo);
    this.fate(0, to, fate);
    this.skipTo(to);
  }

  rewind(): void {
    this.fate(0, this.oldest, "buffer-full");
    const pending = this.fates.indexOf("pending");
    this.cursor = pending === -1 ? this.fates.length : pending;
  }

  /** Told at the next sound, unless a break before it holds it. */
  overrun(lostMs: number): void {
    if (this.fates.length > 0) this.overruns += lostMs;
  }

  breakOff(): void {
    if (this.fates.length > 0) this.broken = true;
  }

  close(): void {
    this.endBreak();
    this.fate(0, this.fates.length, "stopped");
    this.skipTo(this.fates.length);
  }

  count(fate: Fate): number {
    return this.fates.filter((each) => each === fate).length;
  }

  private get oldest(): number {
    return Math.max(0, this.fates.length - this.capacity);
  }

  private fate(from: number, to: number, fate: Fate): void {
    for (let n = from; n < to; n += 1) if (this.fates[n] === "pending") this.fates[n] = fate;
  }

  private skipTo(position: number): void {
    this.cursor = Math.max(this.cursor, position);
    this.readTo = Math.max(this.readTo, this.cursor);
  }

  private endBreak(): void {
    if (this.broken && this.idleMs >= 50) this.missed.capture += this.idleMs;
    else this.missed.overrun += this.overruns;
    this.overruns = 0;
    this.broken = false;
    this.idleMs = 0;
  }
}

test("every sample has one fate, and every loss is reported once with its cause, whatever happens in whatever order", () => {
  const upTo = (max: number) => fc.integer({ min: 0, max });
  const clockStep = fc.oneof(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -2000, max: 2000 }));
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("capture" as const), n: fc.integer({ min: 1, max: 250 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("read" as const), n: fc.integer({ min: 1, max: 80 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("settle" as const), n: upTo(100) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("abandon" as const), n: upTo(100) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("rewind" as const), n: upTo(0) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("settle late" as const), n: upTo(3000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("overrun" as const), n: upTo(60) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("break off" as const), n: upTo(0) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), n: upTo(100) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("set the clock" as const), n: clockStep }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
      const clock = new ManualClock();
      const gaps: Gap[] = [];
      const log = new OpenLog({
        sampleRate: 1000,
        capacityMs: 100,
        live: true,
        clock,
        onGap: (gap) => gaps.push(gap),
        ...inMemory,
      });
      log.openStream("a");
      const model = new Model(100);
      const agree = () => {
        const { missed } = model;
        const acknowledgedMs = model.count("acknowledged");
        const pendingMs = model.count("pending");
        const capturedMs = model.fates.length;
        const missedMs = missed.capture + missed.overrun;
        const lostMs = capturedMs - acknowledgedMs - pendingMs;
        assert.deepEqual(log.ledger(), { ...nothing, capturedMs, acknowledgedMs, pendingMs, lostMs, missedMs });
        assert.equal(log.cursor, model.cursor);
      };
      for (const { do: what, n } of actions) {
        switch (what) {
          case "capture": {
            const first = model.fates.length;
            clock.advance(n);
            log.append(Int16Array.from({ length: n }, (_, index) => first + index));
            model.capture(n);
            break;
          }
          case "read": {
            const position = model.cursor;
            const length = model.read(n);
            const expected = { position, samples: Int16Array.from({ length }, (_, index) => position + index) };
            assert.deepEqual(log.read(n, 1), length === 0 ? null : expected);
            break;
          }
          case "settle":
          case "abandon": {
            const position = log.settled + n;
            if (what === "settle") log.settle(position);
            else log.abandon(position, "unrecognised");
            model.finish(position, what === "settle" ? "acknowledged" : "unrecognised");
            break;
          }
          case "settle late":
            log.settle(n);
            model.finish(n, "acknowledged");
            break;
          case "rewind":
            log.rewind();
            model.rewind();
            break;
          case "overrun":
            log.overrun(n);
            model.overrun(n);
            break;
          case "break off":
            log.breakOff();
            model.breakOff();
            break;
          case "wait":
            clock.advance(n);
            model.idleMs += n;
            break;
          case "set the clock":
            clock.stepWall(n);
            break;
        }
        agree();
      }
      log.close();
      model.close();
      agree();
      const fates = {
        ...model.missed,
        unrecognised: 0,
        "buffer-full": 0,
        stopped: 0,
        unreadable: 0,
        disk: 0,
        expired: 0,
      };
      for (const fate of model.fates) if (fate !== "pending" && fate !== "acknowledged") fates[fate] += 1;
      const told = {
        capture: 0,
        overrun: 0,
        unrecognised: 0,
        "buffer-full": 0,
        stopped: 0,
        unreadable: 0,
        disk: 0,
        expired: 0,
      };
      for (const gap of gaps) {
        told[gap.cause] += gap.lostMs;
        assert.ok(gap.toMs >= gap.fromMs, JSON.stringify(gap));
      }
      assert.deepEqual(told, fates);
    }),
    { numRuns: 3000 },
  );
});

test("what waits before a hole is told from what may still grow", () => {
  const clock = new ManualClock();
  const log = new AudioLog({ sampleRate, capacityMs: 5000, live: true, clock, onGap() {}, ...inMemory });
  log.openStream("a");
  log.append(new Int16Array(1000 * perMs));
  log.decide(150 * perMs, "send");
  assert.deepEqual([log.unread, log.endsAtHole], [150 * perMs, false]);
  log.decide(900 * perMs, "silence");
  assert.deepEqual([log.unread, log.endsAtHole], [150 * perMs, true]);
  log.read(150 * perMs);
  assert.deepEqual([log.unread, log.endsAtHole], [0, false]);
  log.decide(1000 * perMs, "send");
  assert.deepEqual([log.unread, log.endsAtHole], [100 * perMs, false]);
});
