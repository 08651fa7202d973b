import assert from "node:assert/strict";
import { test } from "node:test";
import { afterUseful, freshStanding, planRetry, type Standing } from "../../src/recognition/retry.ts";
import type { ErrorClass } from "../../src/sis/catalogue.ts";

const context = { nowMs: 0, retryAfterMs: null, renewable: true };

/** The least and the most that may be waited, in seconds. */
function range(errorClass: ErrorClass, standing: Standing): readonly [number, number] {
  const waits = [0, 1 - Number.EPSILON].map((draw) => {
    const { plan } = planRetry(standing, errorClass, "r", { ...context, random: () => draw });
    return Math.round(plan.delayMs / 1000);
  });
  return [waits[0] ?? Number.NaN, waits[1] ?? Number.NaN];
}

/** Before the last of so many failures in a row, all of one class. */
const before = (errorClass: ErrorClass, failures: number): Standing => ({
  ...freshStanding,
  failures: failures - 1,
  streak: { class: errorClass, length: failures - 1 },
  renewed: true,
});

test("the bounds of the waits, by class and number of failures", () => {
  type Row = readonly [failures: number, seconds: readonly [number, number]];
  const table: readonly (readonly [ErrorClass, readonly Row[]])[] = [
    [
      "service",
      [
        [1, [0, 1]],
        [2, [0, 2]],
        [5, [0, 16]],
        [9, [0, 60]],
        [2000, [0, 60]],
      ],
    ],
    [
      "network",
      [
        [2, [1, 2]],
        [9, [10, 20]],
      ],
    ],
    [
      "throttled",
      [
        [1, [0, 10]],
        [8, [0, 300]],
      ],
    ],
    [
      "credentials",
      [
        [2, [60, 120]],
        [3, [120, 240]],
        [9, [450, 900]],
      ],
    ],
    [
      "account",
      [
        [1, [30, 60]],
        [9, [450, 900]],
      ],
    ],
    [
      "config",
      [
        [1, [30, 60]],
        [9, [450, 900]],
      ],
    ],
  ];
  for (const [errorClass, rows] of table) {
    for (const [failures, expected] of rows) {
      assert.deepEqual(
        range(errorClass, before(errorClass, failures)),
        expected,
        `${errorClass}, ${failures} failures`,
      );
    }
  }
});

test("a long wait is only for what has failed like this before: after an outage, a refusal is a first one", () => {
  const outage: Standing = { ...before("network", 12), renewed: true };
  assert.deepEqual(range("credentials", outage), [60, 120]);
  assert.deepEqual(range("account", outage), [30, 60]);
  assert.deepEqual(range("throttled", outage), [0, 10]);
});

test("credentials are renewed and tried at once, once; not where IAM itself refused", () => {
  const random = () => 0.5;
  const first = planRetry(freshStanding, "credentials", "r", { ...context, random });
  assert.deepEqual([first.plan.delayMs, first.plan.renew], [0, true]);
  const second = planRetry(first.standing, "credentials", "r", { ...context, random });
  assert.ok(second.plan.delayMs >= 60_000);
  const byIam = planRetry(freshStanding, "credentials", "r", { ...context, random, renewable: false });
  assert.ok(byIam.plan.delayMs >= 60_000);
});

test("wrong signatures stay below the five in five minutes that lock an access key, whatever is drawn", () => {
  let standing = freshStanding;
  let atMs = 0;
  const attempts = [0];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const planned = planRetry(standing, "credentials", "r", { ...context, nowMs: atMs, random: () => 0 });
    standing = planned.standing;
    atMs += planned.plan.delayMs;
    attempts.push(atMs);
  }
  for (const from of attempts) {
    const within = attempts.filter((each) => each >= from && each < from + 300_000);
    assert.ok(within.length < 5, `${within.length} attempts from ${from / 1000} s on`);
  }
});

test("five failures to decode in a row are a wrong setting", () => {
  assert.equal(planRetry(before("audio", 4), "audio", "r", { ...context, random: () => 0 }).plan.held, false);
  assert.equal(planRetry(before("audio", 5), "audio", "r", { ...context, random: () => 0 }).plan.held, true);
});

test("being useful forgets failures; failing soon after it, again and again, is not forgotten", () => {
  let standing: Standing = freshStanding;
  const longest: number[] = [];
  for (let flap = 0; flap < 6; flap += 1) {
    standing = afterUseful(standing, flap * 60_000);
    standing = afterUseful(standing, flap * 60_000 + 5_000);
    const nowMs = flap * 60_000 + 30_000;
    const planned = planRetry(standing, "service", "r", { ...context, nowMs, random: () => 1 - Number.EPSILON });
    longest.push(Math.round(planned.plan.delayMs / 1000));
    standing = planned.standing;
  }
  assert.deepEqual(longest, [1, 1, 2, 4, 8, 8]);
  standing = afterUseful(standing, 1_000_000);
  const later = planRetry(standing, "service", "r", { ...context, nowMs: 1_121_000, random: () => 1 - Number.EPSILON });
  assert.equal(later.standing.flaps, 0);
  assert.equal(later.standing.failures, 1);
});

test("Retry-After is a floor, with up to a quarter on top, and an hour is the longest", () => {
  const wait = (retryAfterMs: number, draw: number) =>
    planRetry(before("throttled", 8), "throttled", "r", { ...context, retryAfterMs, random: () => draw }).plan.delayMs;
  assert.equal(wait(60_000, 0), 60_000);
  assert.equal(wait(60_000, 0.999), 75_000);
  assert.equal(wait(7_200_000, 0), 3_600_000);
  assert.equal(wait(-5, 0), 0);
});
