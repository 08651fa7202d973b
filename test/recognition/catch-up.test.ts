import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Sign, startCatchUp, stepCatchUp } from "../../src/recognition/catch-up.ts";
import { SendTimes } from "../../src/recognition/send-times.ts";
import { recognitionLab, result } from "../lab/recognition.ts";
import { serviceLab, soundOf, wordAt } from "../lab/service-lab.ts";

const error: Sign = { type: "error" };
const clogged: Sign = { type: "clogged" };
const late = (lagMs: number): Sign => ({ type: "result", lagMs });
const well = (forMs: number): Sign => ({ type: "well", forMs });

describe("the rate of a backlog", () => {
  const cases: readonly {
    readonly name: string;
    readonly most: number;
    /** Seconds, what the service showed then, and the rate after it. */
    readonly signs: readonly (readonly [number, Sign, number])[];
  }[] = [
    {
      name: "ERROR after ERROR: down to a gentle rate, then to real time, never below",
      most: 3,
      signs: [
        [1, error, 2.1],
        [2, error, 1.47],
        [3, error, 1.2],
        [4, error, 1],
        [5, error, 1],
      ],
    },
    {
      name: "a full connection is given time to empty",
      most: 3,
      signs: [
        [1, clogged, 2.1],
        [4, clogged, 2.1],
        [12, clogged, 1.47],
      ],
    },
    {
      name: "late results count while they get later, not while they catch up, and not for what was sent before",
      most: 3,
      signs: [
        [1, late(4_000), 3],
        [2, late(6_000), 2.1],
        [5, late(9_000), 2.1],
        [20, late(15_000), 1.47],
        [40, late(12_000), 1.47],
        [60, late(12_500), 1.2],
      ],
    },
    {
      name: "it recovers slowly, not while results are late, and no further than the settings allow",
      most: 3,
      signs: [
        [0, late(8_000), 2.1],
        [2, well(2_000), 2.1],
        [4, late(1_000), 2.1],
        [10, well(6_000), 2.2],
        [90, well(60_000), 3],
      ],
    },
    {
      name: "settings below the gentle rate",
      most: 1.1,
      signs: [
        [1, error, 1],
        [121, well(120_000), 1.1],
      ],
    },
  ];
  for (const { name, most, signs } of cases) {
    test(name, () => {
      let state = startCatchUp(most);
      for (const [atS, sign, rate] of signs) {
        state = stepCatchUp(state, sign, atS * 1000, most);
        assert.equal(Math.round(state.rate * 1000) / 1000, rate, `${sign.type} at ${atS} s`);
      }
    });
  }

  test("is between real time and what the settings allow, whatever the service does", () => {
    const sign = fc.oneof(
      fc.constantFrom(error, clogged),
      fc.integer({ min: 0, max: 120_000 }).map(late),
      fc.integer({ min: 0, max: 5_000 }).map(well),
    );
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), sign));
    fc.assert(
      fc.property(fc.double({ min: 1.1, max: 20, noNaN: true }), steps, (most, signs) => {
        let state = startCatchUp(most);
        let nowMs = 0;
        for (const [passed, each] of signs) {
          nowMs += passed;
          state = stepCatchUp(state, each, nowMs, most);
          assert.ok(state.rate >= 1 && state.rate <= most, `${state.rate}`);
        }
      }),
    );
  });
});

test("how long ago something was sent: to half a second, and two minutes at the most", () => {
  const times = new SendTimes();
  assert.equal(times.ageMs(0, 0), 0);
  for (let ms = 0; ms < 300_000; ms += 100) times.note(ms * 3, 1_000 + ms);
  assert.equal(times.ageMs(870_000, 301_000), 10_000);
  assert.equal(times.ageMs(870_100, 301_000), 9_500);
  assert.equal(times.ageMs(900_000, 301_000), 0, "not sent");
  assert.equal(times.ageMs(1_000, 301_000), 120_000);
  times.clear();
  assert.equal(times.ageMs(870_000, 301_000), 0);
});

/** How fast sound is sent during this, times real time. */
function rate(lab: ReturnType<typeof recognitionLab>, ms: number): number {
  const before = lab.link.audioBytes;
  lab.capture(ms);
  return (lab.link.audioBytes - before) / 16 / ms;
}

function roughly(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 0.15, `${actual} times real time, not ${expected}`);
}

test("after an ERROR in a backlog the rest is sent more gently; after one in live sound it is not", () => {
  for (const [backlogMs, expected] of [
    [60_000, 2.1],
    [100, 3],
  ] as const) {
    const lab = recognitionLab();
    lab.capture(backlogMs);
    lab.stream();
    lab.capture(2_000);
    lab.link.say({ resp_type: "ERROR", error_code: "SIS.0305", error_msg: "x" });
    lab.link.say({ resp_type: "END", trace_id: "t", reason: "ERROR" });
    lab.capture(9_000);
    lab.link.say({ resp_type: "START", trace_id: "again" });
    lab.capture(1_000);
    roughly(rate(lab, 2_000), expected);
  }
});

test("a connection that stays full makes the backlog go out more gently once it is free", () => {
  const lab = recognitionLab();
  lab.capture(60_000);
  lab.stream();
  lab.link.buffered = 100_000;
  lab.capture(8_000);
  lab.link.buffered = 0;
  lab.capture(1_000);
  roughly(rate(lab, 5_000), 2.1);
});

test("results that are late in a backlog slow it down; with prompt ones it is as fast as it may be", () => {
  for (const [lagMs, expected] of [
    [10_000, 2.1],
    [500, 3],
  ] as const) {
    const lab = recognitionLab();
    lab.capture(100_000);
    lab.stream();
    lab.capture(lagMs + 1_000);
    lab.link.say(result(500, 1_000, "a"));
    lab.capture(1_000);
    roughly(rate(lab, 5_000), expected);
  }
});

test("short mode: its one result comes at the end, which is not late", () => {
  const lab = recognitionLab({ mode: "short" });
  lab.capture(60_000);
  lab.stream();
  lab.capture(10_000);
  lab.link.say(result(500, 1_000, "a"));
  lab.capture(1_000);
  roughly(rate(lab, 2_000), 3);
});

test("a service that is slower than the catch-up rate gets all of a backlog in order, and is not outrun for long", () => {
  const words = Array.from({ length: 180 }, (_, index) => wordAt(index + 1, 1_000 + index * 3_000));
  const service = serviceLab({ seed: "s", mode: "continuous", speed: 1.5, memoryMs: 900_000, downUntilMs: 300_000 });
  const { lab } = service;
  lab.capture(305_000, soundOf(words));
  let latest = 0;
  for (let second = 0; second < 240; second += 1) {
    lab.capture(1_000, soundOf(words));
    latest = Math.max(latest, lab.log.cursor - lab.log.settled);
  }
  assert.ok(latest / 8000 < 40, `${latest / 8000} s were sent and not answered`);
  service.finish();
  assert.deepEqual(
    service.heard,
    words.map((word) => word.value),
  );
});
