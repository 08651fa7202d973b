import assert from "node:assert/strict";
import { test } from "node:test";
import { OutageWatch, outageThreshold, windowMs } from "../../src/console/outages.ts";

function watchOf(count: number, apartMs = 100, more: { type?: string; class?: string } = {}): OutageWatch {
  const watch = new OutageWatch();
  for (let index = 0; index < count; index += 1) {
    watch.raise({
      key: `d${index}`,
      type: "service",
      class: "service",
      code: "SIS.0303",
      atMs: index * apartMs,
      ...more,
    });
  }
  return watch;
}

for (const [devices, threshold] of [
  [1, 5],
  [100, 5],
  [400, 20],
  [1_000, 50],
  [10_000, 50],
] as const) {
  test(`of ${devices} devices, ${threshold} make an outage`, () => assert.equal(outageThreshold(devices), threshold));
}

test("fewer than that are single troubles", () => {
  const watch = watchOf(49);
  assert.deepEqual(watch.evaluate(10_000), []);
  assert.equal(watch.isOpen("SIS.0303"), false);
});

test("as many, but one every now and then, are single troubles, too", () => {
  assert.deepEqual(watchOf(60, windowMs / 10).evaluate(10_000), []);
});

test("an outage that began long ago is seen when the console starts", () => {
  const [change] = watchOf(60).evaluate(10_000);
  assert.deepEqual([change?.change, change?.outage.sinceMs, change?.outage.devices], ["opened", 0, 60]);
});

test("one device that raises a code again and again is one device", () => {
  const watch = new OutageWatch();
  for (let index = 0; index < 500; index += 1) {
    watch.raise({ key: "d", type: "service", class: "service", code: "SIS.0303", atMs: index });
  }
  assert.deepEqual(watch.evaluate(10), []);
});

test("it is over when less than half of what it takes is left, and not told again around the limit", () => {
  const watch = watchOf(60);
  watch.evaluate(10_000);
  for (let index = 0; index < 30; index += 1) watch.clear(`d${index}`, "SIS.0303");
  assert.deepEqual(watch.evaluate(10_000), []);
  assert.equal(watch.open()[0]?.devices, 30);
  for (let index = 30; index < 36; index += 1) watch.clear(`d${index}`, "SIS.0303");
  assert.deepEqual(
    watch.evaluate(10_000).map(({ change }) => change),
    ["closed"],
  );
});

for (const [more, name] of [
  [{ class: "network" }, "network problem: 50 devices, SIS.0303"],
  [{ class: "service" }, "service region problem: 50 devices, SIS.0303"],
  [{ class: "x", type: "credentials" }, "common credentials problem: 50 devices, SIS.0303"],
  [{ class: "x", type: "capture" }, "common capture problem: 50 devices, SIS.0303"],
  [{ class: "constructor", type: "toString" }, "common toString problem: 50 devices, SIS.0303"],
] as const) {
  test(`${JSON.stringify(more)} is called: ${name}`, () => {
    assert.equal(watchOf(50, 1, more).evaluate(1_000)[0]?.outage.text, name);
  });
}

test("codes are bounded: a device that makes them up uses no memory", () => {
  const watch = new OutageWatch();
  for (let index = 0; index < 5_000; index += 1) {
    watch.raise({ key: "liar", type: "service", class: "service", code: `made-up-${index}`, atMs: 0 });
    watch.clear("liar", `made-up-${index - 1}`);
  }
  for (let index = 0; index < 10; index += 1) {
    watch.raise({ key: `d${index}`, type: "service", class: "service", code: "SIS.0303", atMs: 0 });
  }
  watch.evaluate(10);
  for (let index = 0; index < 10; index += 1) {
    watch.raise({ key: `d${index}`, type: "service", class: "service", code: "SIS.0303", atMs: 0 });
  }
  assert.equal(watch.evaluate(10).length, 1);
});
