import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { perform, type Step } from "./lab/steps.ts";
import { check } from "./lab/verdict.ts";
import { up, World } from "./lab/world.ts";

// The fleet's room as a whole, from reports to what a broker holds in the end: over outages, lost acknowledgements, slow
// disks, restarts and power cuts. All that is played is the line to the broker, the disk's time, and the clock.

const ms = fc.constantFrom(10, 100, 300, 2_500, 5_000, 30_000, 70_000, 400_000, 1_300_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("pass" as const), ms }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("error" as const),
      class: fc.constantFrom("service", "account", "throttled"),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: "session" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("gap" as const),
      times: fc.constantFrom(1, 1, 1, 3, 3, 3, 20, 20, 20, 1_050),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("phase" as const), phase: fc.constantFrom("listening", "streaming") }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("hot", "panel"), bad: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("welcome" as const),
      welcome: fc.constantFrom("accept", "unreachable", "silent", "busy", "refuse"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("way" as const), way: fc.constantFrom("prompt", "held", "lost") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("refuses" as const), topics: fc.constantFrom(null, "/alarm/", "/event/") }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "release" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("drop" as const), reasonCode: fc.constantFrom(null, null, 0x8e, 0x89) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("command" as const),
      name: fc.constantFrom("mute", "unmute", "restart-session", "self-test", "say", "report"),
      lifeMs: fc.constantFrom(-1, 1_000, 60_000, 300_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("again" as const), which: fc.nat(5), retain: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("desire" as const),
      settings: fc.constantFrom({}, { bad: 1 }, { a: 1 }, { a: 1, trial: 1 }, { fails: 1 }, { a: 2, slow: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("disk" as const), delayMs: fc.constantFrom(0, 2, 50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wall" as const), byMs: fc.constantFrom(-60_000, 60_000) }) },
  { weight: 2, arbitrary: fc.constant({ do: "stop" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "crash" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), after: fc.nat(12) }) },
);

/** Lives through all this, and then through better times; throws where something was forgotten. */
async function livedThrough(steps: readonly Step[]): Promise<void> {
  const world = new World();
  try {
    await world.settle();
    for (const each of steps) await perform(world, each);
    await world.heal();
    check(world);
  } finally {
    await world.dispose();
  }
}

test("an alarm whose clearing the broker refused is cleared at the next connection", () =>
  livedThrough([
    { do: "gap", times: 1 },
    { do: "refuses", topics: "/alarm/" },
    { do: "pass", ms: 70_000 },
  ]));

test("an alarm that is raised as the power is cut does not stay with the broker", () =>
  livedThrough([
    { do: "cut", after: 0 },
    { do: "hot", bad: true },
    { do: "pass", ms: 10 },
  ]));

test("an alarm is not told before it is on disk, nor by a new connection, but a slow disk is not waited for long", async () => {
  const world = new World();
  await world.settle();
  await perform(world, { do: "disk", delayMs: 10_000 });
  await perform(world, { do: "hot", bad: true });
  await perform(world, { do: "drop", reasonCode: null });
  await world.pass(1_900);
  const topics = () => [...world.broker.retained.keys()].filter((topic) => topic.includes("/alarm/"));
  assert.ok(world.broker.line?.isOpen);
  assert.deepEqual(topics(), []);
  await world.pass(200);
  assert.deepEqual(topics(), [`${up}alarm/throttled`]);
  await world.dispose();
});

test("how many messages gave way is told once it has caught up, and by a stop before that", async () => {
  for (const end of [{ do: "pass", ms: 10 }, { do: "stop" }] as const) {
    const world = new World();
    await world.settle();
    if (end.do === "stop") await perform(world, { do: "way", way: "lost" });
    await perform(world, { do: "gap", times: 1_050 });
    await perform(world, end);
    assert.equal(world.lost, 50);
    await world.dispose();
  }
});

test("commands that came too late push out one another, not what happened", async () => {
  const world = new World();
  await world.settle();
  await perform(world, { do: "way", way: "lost" });
  await perform(world, { do: "gap", times: 940 });
  for (let n = 0; n < 200; n += 1) world.command("mute", -1);
  await perform(world, { do: "pass", ms: 30_000 });
  await perform(world, { do: "stop" });
  await perform(world, { do: "way", way: "prompt" });
  await world.heal();
  const events = world.broker.arrivals.filter(({ topic }) => topic.endsWith("/event/audio-gap"));
  assert.equal(new Set(events.map(({ payload }) => payload["seq"])).size, 940);
  assert.equal(world.lost, 150);
  await world.dispose();
});

test("what an ill broker does not take is sent again", async () => {
  for (const refusal of [0x80, 0x83, 0x97]) {
    const world = new World();
    await world.settle();
    Object.assign(world.broker, { refuses: "/event/", refusal });
    await perform(world, { do: "gap", times: 30 });
    await perform(world, { do: "pass", ms: 30_000 });
    await world.heal();
    const events = world.broker.arrivals.filter(({ topic }) => topic.endsWith("/event/audio-gap"));
    assert.equal(new Set(events.map(({ payload }) => payload["seq"])).size, 30, `0x${refusal.toString(16)}`);
    assert.equal(world.counts()["dropped"], 0);
    await world.dispose();
  }
});

test("what the broker refuses for good is counted with what gave way", async () => {
  const world = new World();
  await world.settle();
  await perform(world, { do: "refuses", topics: "/event/" });
  await perform(world, { do: "gap", times: 30 });
  assert.equal(world.counts()["dropped"], 30);
  await world.dispose();
});

test("the alarm about a topic that is refused ends an hour after the access list was mended, not while it is refused", async () => {
  const world = new World();
  await world.settle();
  const alarms = () => world.life.fleet.alarms().map(({ type }) => type);
  await perform(world, { do: "refuses", topics: "/event/" });
  for (let n = 0; n < 3; n += 1) {
    await perform(world, { do: "gap", times: 1 });
    await perform(world, { do: "pass", ms: 3_500_000 });
    assert.ok(alarms().includes("credentials"), `refused ${n + 1} times`);
  }
  await perform(world, { do: "refuses", topics: null });
  await perform(world, { do: "pass", ms: 2_000_000 });
  assert.deepEqual(alarms(), []);
  await world.dispose();
});

test("whatever the broker and the power do: nothing is forgotten, done twice, or left standing", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), livedThrough), {
    numRuns: Number(process.env["RUNS"] ?? 100),
    ...(process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) }),
    ...(process.env["FCPATH"] === undefined ? {} : { path: process.env["FCPATH"], endOnFailure: true }),
  });
});
