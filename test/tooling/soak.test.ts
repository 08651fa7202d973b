import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { soakPlans } from "../../scripts/benchmark/soak/plan.ts";
import {
  blockMeans,
  hasGrown,
  isFlat,
  lineThrough,
  meanSlope,
  type Point,
} from "../../scripts/benchmark/soak/slope.ts";
import { lookAtMachine } from "../../scripts/campaigning/surroundings.ts";
import { seededRandom } from "../../src/base/random.ts";

const line = (perHour: number, count: number): Point[] =>
  Array.from({ length: count }, (_, n) => ({ hours: n / count, value: 100 + (perHour * n) / count }));

/** What a process's memory looks like: each sample is much like the one before. */
function wandering(seed: string, perHour: number): Point[] {
  const random = seededRandom(seed);
  let off = 0;
  return line(perHour, 400).map(({ hours, value }) => {
    off = 0.9 * off + (random() - 0.5);
    return { hours, value: value + off };
  });
}

test("a straight line has its slope, without a doubt", () => {
  const { perHour, low, high } = lineThrough(line(7, 10));
  for (const value of [perHour, low, high]) assert.ok(Math.abs(value - 7) < 1e-6, String(value));
  assert.ok(isFlat(lineThrough(line(0, 10))));
  assert.ok(
    isFlat(
      lineThrough(
        blockMeans(
          Array.from({ length: 7 }, (_, n) => ({ hours: n / 3, value: 0.1 })),
          3,
        ),
      ),
    ),
  );
});

test("the interval is Student's, as in the books", () => {
  // Anscombe's first quartet: slope 0.5001, its standard error 0.1179, 9 degrees of freedom.
  const [x, y] = [
    [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5],
    [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68],
  ];
  const { perHour, low, high } = lineThrough(x.map((hours, n) => ({ hours, value: y[n] ?? 0 })));
  assert.deepEqual(
    [perHour, high - perHour, perHour - low].map((value) => Math.round(value * 1000) / 1000),
    [0.5, 0.267, 0.267],
  );
});

test("blocks are of the same length in time, and have the mean of what is in them", () => {
  const points = [0, 1, 2, 3, 8, 9].map((hours) => ({ hours, value: hours * 10 }));
  assert.deepEqual(blockMeans(points, 3), [
    { hours: 1, value: 10 },
    { hours: 3, value: 30 },
    { hours: 8.5, value: 85 },
  ]);
});

test("growth of some MB an hour is seen in what wanders by itself; where there is none, none is seen, but for 1 in 20", () => {
  const over = (perHour: number, run: number) =>
    meanSlope(
      Array.from({ length: 6 }, (_, agent) => lineThrough(blockMeans(wandering(`${run} ${agent}`, perHour), 12))),
    );
  const runs = Array.from({ length: 200 }, (_, run) => run);
  const falseAlarms = runs.filter((run) => !isFlat(over(0, run))).length;
  assert.ok(falseAlarms >= 2 && falseAlarms <= 22, `${falseAlarms} of 200`);
  assert.equal(runs.filter((run) => isFlat(over(4, run))).length, 0);
});

test("one that leaks is found among those that do not, and nobody is accused of wandering", () => {
  for (let agent = 0; agent < 100; agent += 1) {
    assert.ok(hasGrown(blockMeans(wandering(`${agent}`, 40), 12)), `agent ${agent} leaks`);
    assert.ok(!hasGrown(blockMeans(wandering(`${agent}`, 0), 12)), `agent ${agent} does not`);
  }
  const leaks = [50, 0, 0, 0, 0, 0].map((perHour, agent) =>
    lineThrough(blockMeans(wandering(`${agent}`, perHour), 12)),
  );
  assert.ok(isFlat(meanSlope(leaks)), "for it alone the mean over all is no proof");
});

test("bench soak says how it is used, and what is wrong with how it was", () => {
  const bench = fileURLToPath(import.meta.resolve("../../scripts/benchmark/soak/main.ts"));
  for (const [options, said] of [
    [["--hours", "0"], /--hours: "0" is not a number from 0\.01 to 1000/],
    [["--agents", "0"], /--agents: "0" is not a whole number/],
    [["--bogus"], /--bogus/],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [bench, ...options], { encoding: "utf8" });
    assert.equal(status, 2);
    assert.match(stderr, said);
    assert.match(stderr, /usage: scripts\/bench soak/);
  }
});

test("agents run in the environment that the service's unit gives them", () => {
  const options = { hours: 1, agents: 1, accelerated: true, seed: "1", json: false, record: false };
  const plans = soakPlans(options, "/nowhere", lookAtMachine(), { agent: "agent", sampler: "sampler" });
  for (const { agent } of plans) {
    const { MALLOC_ARENA_MAX, MALLOC_MMAP_THRESHOLD_, UV_THREADPOOL_SIZE } = agent.env;
    assert.deepEqual([MALLOC_ARENA_MAX, MALLOC_MMAP_THRESHOLD_, UV_THREADPOOL_SIZE], ["1", "32768", "8"]);
  }
});
