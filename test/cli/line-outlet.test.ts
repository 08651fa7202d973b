import assert from "node:assert/strict";
import { test } from "node:test";
import { LineOutlet, type LineSink, type OutletEvent } from "../../src/cli/line-outlet.ts";

/** A stream whose reader takes lines only when told to, or fails. */
function lab(capacityBytes: number) {
  const taken: string[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  let isOpen = false;
  const stream: LineSink = {
    write(text, done) {
      const take = (error?: Error) => {
        if (error === undefined) taken.push(text.trimEnd());
        done(error);
      };
      if (isOpen) setImmediate(take);
      else waiting.push(take);
    },
    on: () => {},
  };
  const events: OutletEvent[] = [];
  const outlet = new LineOutlet(stream, capacityBytes, (event) => events.push(event));
  return {
    outlet,
    taken,
    events,
    open: () => {
      isOpen = true;
      for (const take of waiting.splice(0)) take();
    },
    fail: (code: string) => {
      const take = waiting.shift();
      take?.(Object.assign(new Error(code), { code }));
    },
  };
}

const line = (index: number) => `${String(index).padStart(5, "0")} ${"x".repeat(1000)}`;
const number = (text: string) => Number.parseInt(text, 10);

test("a reader that keeps up gets every line in order", async () => {
  const { outlet, taken, events, open } = lab(10_000);
  open();
  for (let index = 0; index < 200; index += 1) {
    outlet.write(line(index));
    if (index % 50 === 49) await outlet.drained();
  }
  await outlet.drained();
  assert.deepEqual(
    taken.map(number),
    Array.from({ length: 200 }, (_, index) => index),
  );
  assert.deepEqual(events, []);
});

test("a reader that is late gets every line, as long as they find room", async () => {
  const { outlet, taken, events, open } = lab(100_000);
  for (let index = 0; index < 160; index += 1) outlet.write(line(index));
  assert.deepEqual(taken, []);
  open();
  await outlet.drained();
  assert.deepEqual(
    taken.map(number),
    Array.from({ length: 160 }, (_, index) => index),
  );
  assert.deepEqual(events, []);
});

test("a reader that is too late gets the newest lines; what was dropped is told once, and counted", async () => {
  const { outlet, taken, events, open } = lab(100_000);
  for (let index = 0; index < 5000; index += 1) outlet.write(line(index));
  assert.deepEqual(events, [{ type: "losing" }]);
  open();
  await outlet.drained();
  const heard = taken.map(number);
  const lost = 5000 - heard.length;
  assert.ok(lost > 4000 && heard.length > 100);
  assert.deepEqual(events, [{ type: "losing" }, { type: "lost", lines: lost }]);
  assert.deepEqual(
    heard,
    heard.toSorted((one, other) => one - other),
    "in order",
  );
  const newest = heard.slice(-90);
  assert.deepEqual(
    newest,
    Array.from({ length: 90 }, (_, index) => 4910 + index),
    "the newest are all there",
  );
  outlet.write(line(5000));
  await outlet.drained();
  assert.equal(number(taken.at(-1) ?? ""), 5000);
  assert.equal(events.length, 2);
});

test("a reader that goes away is told once, and forgotten", async () => {
  const { outlet, taken, events, fail } = lab(100_000);
  outlet.write("one");
  outlet.write("two");
  fail("EPIPE");
  outlet.write("three");
  await outlet.drained();
  assert.deepEqual(events, [{ type: "gone", code: "EPIPE" }]);
  assert.deepEqual(taken, []);
});

test("a full disk costs the lines, not the reader; they are counted when it takes lines again", async () => {
  const { outlet, taken, events, fail, open } = lab(100_000);
  for (const word of ["one", "two", "three"]) {
    outlet.write(word);
    fail("ENOSPC");
  }
  assert.deepEqual(events, [{ type: "losing" }]);
  open();
  outlet.write("four");
  await outlet.drained();
  outlet.write("five");
  await outlet.drained();
  assert.deepEqual(events, [{ type: "losing" }, { type: "lost", lines: 3 }]);
  assert.deepEqual(taken, ["\nfour", "five"], "half of one may have found room: the next does not go on with it");
});

test("what was lost until the end is counted at the end", async () => {
  const { outlet, events, fail } = lab(100_000);
  outlet.write("one");
  fail("ENOSPC");
  await outlet.drained();
  assert.deepEqual(events, [{ type: "losing" }, { type: "lost", lines: 1 }]);
});
