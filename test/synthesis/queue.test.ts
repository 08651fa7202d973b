import assert from "node:assert/strict";
import { test } from "node:test";
import { type Entry, enqueue, expire, nextExpiryMs, type Queue } from "../../src/synthesis/queue.ts";

const entry = (item: string, priority = 5, expiresAtMs: number | null = null): Entry<string> => ({
  item,
  priority,
  expiresAtMs,
});
const queueOf = (...entries: readonly Entry<string>[]) =>
  entries.reduce<Queue<string>>((queue, each) => enqueue(queue, each).queue, []);
const items = (queue: Queue<string>) => queue.map(({ item }) => item).join(" ");

test("the most urgent goes first; among equals, who came first", () => {
  assert.equal(items(queueOf(entry("a"), entry("b", 9), entry("c"), entry("d", 1), entry("e", 9))), "b e a c d");
});

test("a full queue lets go of its last: the newest of the least urgent", () => {
  const full = queueOf(...Array.from({ length: 32 }, (_, n) => entry(`n${n}`)));
  const urgent = enqueue(full, entry("urgent", 6));
  assert.equal(urgent.displaced?.item, "n31");
  assert.equal(urgent.queue[0]?.item, "urgent");
  assert.equal(urgent.queue.length, 32);
  const late = enqueue(full, entry("late"));
  assert.equal(late.displaced?.item, "late");
});

test("what is too late goes, and the next time is known", () => {
  const queue = queueOf(entry("a", 5, 100), entry("b"), entry("c", 5, 50));
  assert.equal(nextExpiryMs(queue), 50);
  const { queue: left, expired } = expire(queue, 50);
  assert.deepEqual([items(left), items(expired)], ["a b", "c"]);
  assert.equal(nextExpiryMs(queueOf(entry("b"))), null);
});
