import assert from "node:assert/strict";
import type { Json } from "./played-broker.ts";
import { type Decided, keyOf, up, type World } from "./world.ts";

/** Whether a command has ended with this. One that was refused, for a clock that was ahead or for its retain mark, may be taken later. */
function isEnd({ status, reason }: Json): boolean {
  return status === "succeeded" || (status === "failed" && !/^it (came too late|is retained)/.test(String(reason)));
}

/** What must be so of a device and its broker, once all is well again. */
export function check(world: World): void {
  const { broker, life } = world;
  const { line } = broker;
  assert.ok(line?.isOpen, "connected");
  checkDelivery(world);
  checkCommands(world);
  // Alarms: both sides agree.
  const active = [...broker.retained].flatMap(([topic, { status, id }]) =>
    topic.startsWith(`${up}alarm/`) && status === "active" ? [[topic.slice(up.length + 6), id].join(" ")] : [],
  );
  const own = life.fleet.alarms().map(({ type, id }) => `${type} ${id}`);
  assert.deepEqual(new Set(active), new Set(own), "the broker's active alarms are the device's");
  // What is retained is the last that was said, by this connection.
  for (const topic of ["state", "info", "config"]) {
    assert.deepEqual(broker.retained.get(up + topic), world.told.get(up + topic), topic);
  }
  const will = JSON.parse(line.options.own.will?.payload.toString() ?? "null") as Json;
  assert.equal(broker.retained.get(`${up}state`)?.["session"], will["session"]);
  assert.equal(broker.retained.get(`${up}state`)?.["online"], true);
  const config = broker.retained.get(`${up}config`);
  assert.equal(config?.["desired"], world.desired, "the settings that were last desired are judged");
  assert.notEqual(config?.["status"], "trying");
  assert.deepEqual(config?.["settings"], world.applied);
}

/** So soon that it may not be on disk. */
function cutSoonAfter(world: World, { life, atMs }: Decided): boolean {
  const crash = world.crashes.get(life);
  return crash !== undefined && crash.atMs - atMs < crash.slackMs;
}

function checkDelivery(world: World): void {
  const { broker } = world;
  const first = new Set<string>();
  const all = broker.arrivals.flatMap(({ topic, payload, line }) => {
    const key = keyOf(topic, payload);
    // Told at the start, before anybody can look on.
    const atStart = String(payload["reason"]).startsWith("the agent ended ");
    return key === null || atStart ? [] : [{ key, payload, line }];
  });
  for (const { key } of all) first.add(key);
  const refused = new Set(broker.refused.map(({ topic, payload }) => keyOf(topic, payload)));
  const missing = world.decided.filter(
    (each) => !first.has(each.key) && !refused.has(each.key) && !cutSoonAfter(world, each),
  );
  // A power cut leaves nobody to tell how many gave way.
  const uncounted = world.crashes.size > 0 && world.decided.length > 1_000;
  assert.ok(
    missing.length <= world.lost || uncounted,
    `${missing.length} lost, ${world.lost} told: ${missing
      .map(({ key, atMs }) => `${key} at ${atMs}`)
      .slice(0, 5)
      .join("; ")}`,
  );
  const byKey = new Map(world.decided.map((each) => [each.key, each]));
  const kept = [...first].filter((key) => !refused.has(key));
  const order = kept.map((key) => world.decided.findIndex((each) => each.key === key));
  if (!world.setAside) {
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      "in the order in which they happened",
    );
  }
  for (const { key, payload, line } of all) {
    const { replayed, ...rest } = payload;
    const decided = byKey.get(key) ?? assert.fail(`${key} was never decided`);
    const { replayed: _, ...before } = decided.payload;
    assert.deepEqual(rest, before);
    if (replayed !== undefined) assert.equal(replayed, decided.line !== line, `replayed: ${key}`);
  }
}

/** Whether a command can have come again when its id was not kept any longer. */
function forgotten(world: World, id: string): boolean {
  const notAfterMs = world.executed.find((each) => each.id === id)?.notAfterMs ?? 0;
  return world.life.clock.wallMs() - 7_200_000 > notAfterMs + 540_000;
}

function checkCommands(world: World): void {
  const ids = world.executed.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)], "each is executed once");
  for (const { id, wallMs, notAfterMs } of world.executed) assert.ok(wallMs <= notAfterMs, `${id} is too late`);
  // Answers are refused, and give way, like all that is kept in order.
  const mayBeGone = world.broker.refused.length > 0 || world.decided.length > 1_000;
  // So is what the next start says of a command, where the power is cut again at once.
  const againAtStart = [...world.crashes.values()].some(({ atMs, slackMs }) => atMs < slackMs);
  for (const { topic } of world.commands) {
    const [, , , , , , name, id] = topic.split("/");
    const answers = world.broker.arrivals.filter((each) => each.topic === `${up}command/${name}/${id}`);
    const ends = new Set(answers.flatMap(({ payload }) => (isEnd(payload) ? [payload["status"]] : [])));
    const told = JSON.stringify(answers.map(({ payload }) => payload));
    // What ended just before the power was cut may be known to be over, or its answer be there, but not both.
    const torn =
      againAtStart ||
      world.decided.some(
        (each) =>
          each.key.startsWith(`${up}command/${name}/${id} `) && isEnd(each.payload) && cutSoonAfter(world, each),
      );
    const late = answers.findLastIndex(({ payload }) => String(payload["reason"]).startsWith("it came too late"));
    const over = answers.findIndex(({ payload }) => isEnd(payload));
    if (id !== undefined && !forgotten(world, id)) {
      assert.ok(late === -1 || over === -1 || late < over, `${id} has ended, and then come too late: ${told}`);
    }
    if (!torn) assert.ok(ends.size <= 1, `${id} has ended in two ways: ${told}`);
    if (ids.includes(id ?? "") && !mayBeGone && !torn)
      assert.equal(ends.size, 1, `${id} was executed, and is never answered`);
  }
}
