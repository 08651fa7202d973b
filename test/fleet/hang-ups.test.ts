import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { perform, type Step } from "./lab/steps.ts";
import { up, World } from "./lab/world.ts";

// A broker that hangs up on a message, and ways that end connections by chance: what is sent again, after what, how long.

const hourMs = 3_600_000;

async function live(play: (world: World) => Promise<void>): Promise<void> {
  const world = new World();
  try {
    await world.settle();
    await play(world);
  } finally {
    await world.dispose();
  }
}

const run = async (world: World, ...steps: readonly Step[]) => {
  for (const step of steps) await perform(world, step);
};

/** How many different messages of a topic have arrived. */
function arrived({ broker }: World, topic: string): number {
  const those = broker.arrivals.filter((each) => each.topic === up + topic);
  return new Set(those.map(({ payload }) => payload["seq"])).size;
}

const alarms = ({ life }: World) => life.fleet.alarms().map(({ type }) => type);

for (const hangUpCode of [null, 0x87, 0x95]) {
  test(`a broker that hangs up on a message (${hangUpCode}): the others get through, and there is no twin`, () =>
    live(async (world) => {
      Object.assign(world.broker, { hangsUpOn: "event/session", hangUpCode });
      await run(world, { do: "session" }, { do: "gap", times: 40 }, { do: "session" }, { do: "session" });
      await world.pass(hourMs / 4);
      assert.equal(arrived(world, "event/audio-gap"), 40);
      assert.ok(world.broker.line?.isOpen);
      assert.ok(!alarms(world).includes("identity"));
      await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 10 });
      assert.equal(arrived(world, "event/audio-gap"), 41);
    }));
}

test("a message that the broker hangs up on for hours is given up, counted and told; the others are not", () =>
  live(async (world) => {
    world.broker.hangsUpOn = "event/session";
    await run(world, { do: "session" });
    for (let n = 0; n < 200; n += 1) await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 300_000 });
    assert.deepEqual([world.counts()["dropped"], world.lost, arrived(world, "event/audio-gap")], [1, 1, 200]);
    assert.equal(world.counts()["waiting"], 0);
  }));

test("a broker that hangs up on a message for three hours, and then takes it, gets it", () =>
  live(async (world) => {
    world.broker.hangsUpOn = "event/session";
    await run(world, { do: "session" });
    for (let n = 0; n < 36; n += 1) await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 300_000 });
    await world.heal();
    assert.deepEqual([arrived(world, "event/session"), world.lost], [1, 0]);
  }));

for (const topic of ["info", "state", "config"]) {
  test(`a broker that hangs up on ${topic}, which a connection begins with, gets all else, and that one once it takes it`, () =>
    live(async (world) => {
      world.broker.hangsUpOn = `/up/${topic}`;
      world.broker.drop();
      await run(world, { do: "gap", times: 40 }, { do: "pass", ms: hourMs / 4 });
      assert.equal(arrived(world, "event/audio-gap"), 40);
      await world.pass(24 * hourMs);
      assert.equal(world.lost, 0);
      world.broker.retained.clear();
      await world.heal();
      assert.deepEqual(world.broker.retained.get(up + topic), world.told.get(up + topic));
    }));
}

test("what is set aside is tried before a stop, so that a device does not seem to be there for ever", () =>
  live(async (world) => {
    world.broker.hangsUpOn = "/up/state";
    world.broker.drop();
    await world.pass(hourMs / 4);
    world.broker.heal();
    await run(world, { do: "stop" });
    const states = world.broker.arrivals.filter((each) => each.topic === `${up}state`);
    assert.ok(states.some(({ payload }) => payload["online"] === false));
  }));

test("a message that an ill broker always refuses holds up no other, and is given up in the end", () =>
  live(async (world) => {
    Object.assign(world.broker, { refuses: "event/session", refusal: 0x80 });
    await run(world, { do: "session" }, { do: "gap", times: 40 }, { do: "pass", ms: hourMs });
    assert.equal(arrived(world, "event/audio-gap"), 40);
    for (let n = 0; n < 200; n += 1) await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 300_000 });
    assert.deepEqual([world.counts()["dropped"], world.counts()["waiting"]], [1, 0]);
  }));

test("a message that the way swallows, as one with a small MTU does, holds up no other and is never given up", () =>
  live(async (world) => {
    world.broker.swallows = "event/session";
    await run(world, { do: "session" }, { do: "gap", times: 40 }, { do: "pass", ms: hourMs });
    assert.equal(arrived(world, "event/audio-gap"), 40);
    for (let n = 0; n < 200; n += 1) await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 300_000 });
    await world.heal();
    assert.deepEqual([arrived(world, "event/session"), world.lost], [1, 0]);
  }));

const ways: Readonly<Record<string, (world: World, n: number) => Promise<void>>> = {
  "end soon, with all that was sent unanswered": async (world) => {
    world.broker.way = "held";
    await run(world, { do: "pass", ms: 1_000 }, { do: "drop", reasonCode: null });
  },
  "end soon, with all answered but the last": async (world) => {
    world.broker.way = "prompt";
    await run(world, { do: "pass", ms: 700 });
    world.broker.way = "held";
    await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 100 }, { do: "drop", reasonCode: null });
  },
  "hold for minutes and end in the middle of a message": async (world) => {
    world.broker.way = "prompt";
    await run(world, { do: "pass", ms: 150_000 });
    world.broker.way = "held";
    await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 100 }, { do: "drop", reasonCode: null });
    world.broker.way = "prompt";
  },
  "swallow everything": async (world, n) => {
    world.broker.way = n % 2 === 0 ? "lost" : "prompt";
    await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 30_000 });
  },
  "come about rarely": async (world, n) => {
    world.broker.welcome = n % 3 === 0 ? "accept" : "unreachable";
    world.broker.way = "held";
    await run(world, { do: "gap", times: 1 }, { do: "pass", ms: 20_000 }, { do: "drop", reasonCode: null });
  },
};
for (const [name, happens] of Object.entries(ways)) {
  test(`connections that ${name}, for half a day: nothing is lost`, () =>
    live(async (world) => {
      await run(world, { do: "gap", times: 100 });
      for (let n = 0; n < 500 && world.life.clock.monotonicMs() < 12 * hourMs; n += 1) await happens(world, n);
      await world.heal();
      const made = new Set(world.decided.map(({ key }) => key)).size;
      const got = new Set(world.broker.arrivals.flatMap(({ payload }) => payload["seq"] ?? [])).size;
      assert.deepEqual([got, world.lost, world.counts()["dropped"], world.counts()["waiting"]], [made, 0, 0, 0]);
    }));
}

/** How long connections hold on average, and how long an answer takes, s. */
for (const [holds, answers] of [
  [0.5, 0.1],
  [3, 1],
  [10, 3],
  [60, 4],
  [90, 4],
  [300, 4],
] as const) {
  test(`connections that end by chance, after ${holds} s on average with answers after ${answers} s: nothing is lost`, () =>
    live(async (world) => {
      const random = seededRandom(`chance ${holds}`);
      const chance = (meanMs: number) => Math.ceil(-Math.log(1 - random()) * meanMs);
      world.broker.delayMs = answers * 1_000;
      for (let n = 0; n < 1_500 && world.life.clock.monotonicMs() < 24 * hourMs; n += 1) {
        const endMs = world.life.clock.monotonicMs() + chance(holds * 1_000);
        for (;;) {
          const leftMs = endMs - world.life.clock.monotonicMs();
          const stepMs = Math.min(leftMs, chance(20_000));
          await world.pass(stepMs);
          if (stepMs === leftMs) break;
          if (world.decided.length < 900)
            await run(world, random() < 0.5 ? { do: "gap", times: 1 } : { do: "session" });
        }
        await run(world, { do: "drop", reasonCode: null });
      }
      await world.heal();
      const made = new Set(world.decided.map(({ key }) => key)).size;
      const got = new Set(world.broker.arrivals.flatMap(({ payload }) => payload["seq"] ?? [])).size;
      assert.deepEqual([got, world.lost, world.counts()["waiting"]], [made, 0, 0]);
    }));
}
