import assert from "node:assert/strict";
import { test } from "node:test";
import { startEmbeddedBroker } from "../../src/simulator/broker.ts";
import { errorOf, sessionOf } from "../fleet/samples.ts";
import { startTestFleet } from "../system/lab/fleet.ts";
import { asObject } from "../system/lab/mqtt-monitor.ts";

/** An embedded broker that keeps what is published. */
async function startLab(port = 0) {
  const published: { readonly topic: string; readonly payload: Readonly<Record<string, unknown>> }[] = [];
  const waiting = new Set<() => void>();
  const broker = await startEmbeddedBroker({
    port,
    onPublish({ topic, payload }) {
      published.push({ topic: topic.replace("sis/v1/lab/kiosk-17/up/", ""), payload: asObject(payload) });
      for (const look of waiting) look();
    },
  });
  /** Resolves when this many messages were published; rejects after 30 s. */
  const got = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(JSON.stringify(published))), 30_000);
      const look = () => {
        if (published.length < count) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { broker, published, got, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
}

for (const protocol of [5, 4] as const) {
  test(`MQTT ${protocol}: the embedded broker takes a device's birth, events and goodbye`, async () => {
    await using lab = await startLab();
    assert.equal(lab.broker.url, `mqtt://127.0.0.1:${lab.broker.port}`);
    await using device = startTestFleet({ url: lab.broker.url, protocol });
    await lab.got(3);
    device.fleet.report(errorOf({ class: "account" }));
    await lab.got(5);
    await device.fleet.stop("bye");
    const topics = lab.published.map(({ topic }) => topic);
    assert.deepEqual(topics, ["info", "state", "config", "event/error", "alarm/account", "state"]);
    assert.equal(lab.published.at(-1)?.payload["phase"], "offline");
  });
}

test("told that another took over its id, a device raises identity at once", async () => {
  await using lab = await startLab();
  await using first = startTestFleet({ url: lab.broker.url, protocol: 5 });
  await first.logged("connected");
  await using _second = startTestFleet({ url: lab.broker.url, protocol: 5 });
  const line = await first.logged("alarm raised");
  assert.deepEqual([line["type"], line["code"]], ["identity", "MQTT.142"]);
});

test("a device outlives the broker and finds the next one", async () => {
  const lab = await startLab();
  await using device = startTestFleet({ url: lab.broker.url, protocol: 5 });
  await lab.got(3);
  await lab[Symbol.asyncDispose]();
  device.fleet.report(sessionOf("started"));
  await using next = await startLab(lab.broker.port);
  await next.got(4);
  assert.deepEqual(
    next.published.map(({ topic }) => topic),
    ["info", "state", "config", "event/session"],
  );
  assert.equal(next.published[3]?.payload["replayed"], true);
});

test("a port that is taken is an error, not a crash", async () => {
  await using lab = await startLab();
  await assert.rejects(startEmbeddedBroker({ port: lab.broker.port, onPublish() {} }), /EADDRINUSE/);
});
