import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { type Carrier, type Outgoing, openConnection } from "../../src/fleet/broker.ts";
import { openLine } from "../../src/fleet/broker-line.ts";
import { type BrokerTimings, brokerTimings, type ConnectionEnd } from "../../src/fleet/broker-policy.ts";
import { startLink } from "../../src/fleet/link.ts";

const connack = [0x20, 0x03, 0x00, 0x00, 0x00];
const puback = [0x40, 0x02, 0x00, 0x01];
const message: Outgoing = { id: 1, topic: "t", payload: "{}", qos: 1, retain: false, expirySeconds: null };

/** Has nothing to send, and listens to nothing. */
const idle: Carrier = {
  subscriptions: [],
  connected() {},
  take: () => null,
  answered() {},
  unheard() {},
  received() {},
  subscribed() {},
};

/** How a connection ends with what answers every chunk it gets with the next of `answers`, then with nothing. */
async function endWith(
  answers: readonly (readonly number[])[],
  { subscriptions = [], ...patience }: Partial<BrokerTimings> & { readonly subscriptions?: readonly string[] },
): Promise<ConnectionEnd> {
  const server = createServer((socket) => {
    const left = [...answers];
    socket.on("error", () => {}); // cut by the other side: what this is about
    socket.on("data", () => socket.write(Uint8Array.from(left.shift() ?? [])));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const waiting = subscriptions.length === 0 ? [message] : [];
  const connection = openConnection({
    access: { url: `mqtt://127.0.0.1:${address.port}`, protocol: 5 },
    clientId: "kiosk-17",
    will: { topic: "w", payload: "{}" },
    clean: false,
    carrier: { ...idle, subscriptions, take: () => waiting.shift() ?? null },
    clock: systemClock,
    timings: { ...brokerTimings, ...patience },
  });
  const guard = systemClock.after(60_000, () => connection.finish(0));
  const end = await connection.ended;
  guard[Symbol.dispose]();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(end !== null, "the connection was still there after 60 s");
  return end;
}

const cases = {
  "acknowledges nothing": [[connack], "faulty", "broker-lost", /does not acknowledge/, { acknowledgeTimeoutMs: 200 }],
  "answers no subscription": [
    [connack],
    "faulty",
    "broker-lost",
    /does not answer a subscription/,
    { acknowledgeTimeoutMs: 200, subscriptions: ["a"] },
  ],
  "announces a huge packet": [
    [connack, [...puback, 0x30, 0xff, 0xff, 0xff, 0x7f]],
    "overfed",
    "broker-lost",
    /more than/,
  ],
  "wants no messages": [[[0x20, 0x06, 0, 0, 3, 0x21, 0, 0]], "faulty", "broker-unreachable", /no messages at all/],
  "answers as a web server": [
    [[...Buffer.from("HTTP/1.1 400 Bad Request\r\n")]],
    "faulty",
    "broker-unreachable",
    /no MQTT broker/,
  ],
  "says nothing": [[], "unreachable", "broker-unreachable", /in time/, { connectTimeoutMs: 400 }],
} as const;

for (const [name, [answers, kind, code, words, patience = {}]] of Object.entries(cases)) {
  test(`what ${name}: the connection ends, with what is wrong and what to do`, async () => {
    const end = await endWith(answers, patience);
    assert.equal(end.kind, kind);
    assert.equal(end.fault.code, code);
    assert.match(end.fault.message, words);
    assert.notEqual(end.fault.hint, "");
  });
}

test("refused subscriptions are told with the broker's reason; the connection goes on", async () => {
  const told = Promise.withResolvers<number | null>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      if (bytes[0] === 0x10) socket.write(Uint8Array.from(connack));
      // SUBACK: the packet's id, no properties, one reason code for each of the two topics.
      else if (bytes[0] === 0x82) socket.write(Uint8Array.of(0x90, 5, bytes[2] ?? 0, bytes[3] ?? 0, 0, 1, 0x87));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const connection = openConnection({
    access: { url: `mqtt://127.0.0.1:${address.port}`, protocol: 5 },
    clientId: "kiosk-17",
    will: { topic: "w", payload: "{}" },
    clean: false,
    carrier: {
      ...idle,
      subscriptions: ["a", "b"],
      subscribed: (refusal) => told.resolve(refusal?.reasonCode ?? null),
    },
    clock: systemClock,
    timings: brokerTimings,
  });
  const guard = systemClock.after(60_000, () => told.reject(new Error("not told within 60 s")));
  assert.equal(await told.promise.finally(() => connection.finish(0)), 0x87);
  guard[Symbol.dispose]();
  assert.equal(await connection.ended, null);
  await new Promise((resolve) => server.close(resolve));
});

test("who was sent more than is taken begins a new session, once: in the old one it would come again", async () => {
  const sessions: string[] = [];
  const enough = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      // CONNECT: two bytes of header, "MQTT" with its length, the version, then the flags.
      sessions.push(((bytes[9] ?? 0) & 0b10) === 0 ? "kept" : "new");
      if (sessions.length === 3) enough.resolve();
      const answer = [0x20, 0x02, 0x00, 0x00];
      if (sessions.length === 1) answer.push(0x30, 0xff, 0xff, 0xff, 0x7f);
      socket.end(Uint8Array.from(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const quick = { atLeastMs: 0, baseMs: 1, capMs: 1 };
  const link = startLink(
    {
      access: { url: `mqtt://127.0.0.1:${address.port}`, protocol: 4 },
      clientId: "kiosk-17",
      clock: systemClock,
      random: () => 0,
      timings: { ...brokerTimings, retry: { ...brokerTimings.retry, network: quick } },
    },
    {
      ...idle,
      inFlight: () => false,
      nextWill: () => ({ topic: "w", payload: "{}" }),
      failed() {},
      stopped() {},
    },
  );
  const guard = systemClock.after(60_000, () => enough.reject(new Error("not connected three times within 60 s")));
  try {
    await enough.promise;
  } finally {
    guard[Symbol.dispose]();
    await link.stop();
  }
  assert.deepEqual(sessions, ["kept", "new", "kept"]);
  await new Promise((resolve) => server.close(resolve));
});

test("who leaves still hears what the broker has taken", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      if (bytes[0] === 0x10) socket.write(Uint8Array.of(0x20, 0x02, 0x00, 0x00));
      // PUBLISH: the topic "t" with its length, then the packet's id.
      else if (bytes[0] === 0x32) socket.write(Uint8Array.of(0x40, 0x02, bytes[5] ?? 0, bytes[6] ?? 0));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const answers: (Error | null)[] = [];
  const line = openLine(
    {
      access: { url: `mqtt://127.0.0.1:${address.port}`, protocol: 4 },
      clientId: "kiosk-17",
      clock: systemClock,
      timings: brokerTimings,
      largestPacketBytes: 65_536,
      own: { clean: true },
    },
    {
      opened() {
        line.publish(message, (error) => answers.push(error));
        line.leave();
      },
      received() {},
    },
  );
  const guard = systemClock.after(60_000, () => line.cut());
  assert.equal(await line.ended, null);
  guard[Symbol.dispose]();
  assert.deepEqual(answers, [null]);
  await new Promise((resolve) => server.close(resolve));
});

test("certificates that TLS cannot use end the connection, and nothing else", async () => {
  const connection = openConnection({
    access: { url: "mqtts://127.0.0.1:1", protocol: 5, cert: "no certificate", key: "no key" },
    clientId: "kiosk-17",
    will: { topic: "w", payload: "{}" },
    clean: false,
    carrier: idle,
    clock: systemClock,
    timings: brokerTimings,
  });
  const end = await connection.ended;
  assert.equal(end?.kind, "unreachable");
  connection.wake();
  connection.finish(10_000);
});
