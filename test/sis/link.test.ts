import assert from "node:assert/strict";
import { test } from "node:test";
import type { WebSocket } from "ws";
import { openLink, pingEveryMs } from "../../src/sis/link.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { Attempt, ofKind, type Told } from "./lab/attempt.ts";
import { startProxy, startService } from "./lab/peer.ts";

const start = '{"resp_type":"START","trace_id":"t1"}';

function replyType(told: Told): string | undefined {
  return told.what === "reply" ? told.reply.type : undefined;
}

test("a link carries text and audio there, replies back, and ends politely", async () => {
  const received: (string | Buffer)[] = [];
  await using service = await startService((socket) => {
    socket.on("message", (data, isBinary) => {
      assert.ok(Buffer.isBuffer(data));
      received.push(isBinary ? data : data.toString());
      if (!isBinary) socket.send(start);
      else socket.send('{"resp_type":"END","reason":"NORMAL"}');
    });
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { onOpened: (link) => link.sendText("hello") });
  await attempt.until((told) => (replyType(told) === "START" ? true : undefined));
  attempt.link.sendAudio(Uint8Array.of(1, 2, 3, 4));
  await attempt.until((told) => (replyType(told) === "END" ? true : undefined));
  attempt.link.close();
  assert.deepEqual(await attempt.ending(), { how: "closed", code: 1000, reason: "", asked: true });
  assert.deepEqual(received, ["hello", Buffer.from([1, 2, 3, 4])]);
  assert.deepEqual(
    attempt.told.map(({ what }) => what),
    ["opened", "reply", "reply", "closed"],
  );
});

test("sending does not touch the caller's bytes, and sends what they were", async () => {
  const received: Buffer[] = [];
  await using service = await startService((socket) => {
    socket.on("message", (data) => {
      assert.ok(Buffer.isBuffer(data));
      received.push(data);
      socket.send(start);
    });
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  await attempt.whenOpened();
  const store = new Uint8Array(64_100).fill(7);
  const bytes = store.subarray(50, 64_050);
  attempt.link.sendAudio(bytes);
  assert.ok(
    store.every((byte) => byte === 7),
    "the audio log still holds what was captured",
  );
  store.fill(9);
  await attempt.until(replyType);
  assert.equal(received[0]?.length, 64_000);
  assert.ok(received[0].every((byte) => byte === 7));
});

test("a pong confirms that all sent before its ping has arrived", async () => {
  let arrived = 0;
  await using service = await startService((socket) => {
    socket.on("message", (data) => {
      assert.ok(Buffer.isBuffer(data));
      arrived += data.length;
    });
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { timing: { pingMs: 20 } });
  await attempt.whenOpened();
  attempt.sent = 50_000;
  attempt.link.sendAudio(new Uint8Array(50_000));
  const mark = await attempt.until((told) => (told.what === "confirmed" && told.mark > 0 ? told.mark : undefined));
  assert.equal(mark, 50_000);
  assert.equal(arrived, 50_000);
});

test("forged pongs confirm nothing", async () => {
  await using service = await startService(
    (socket) => {
      socket.on("ping", (payload) => {
        for (const forged of ["999999", "", `${payload.toString()} `]) socket.pong(forged);
        socket.send(start);
      });
    },
    { autoPong: false },
  );
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { timing: { pingMs: 20 } });
  attempt.sent = 7;
  await attempt.until(() => (attempt.told.filter((told) => told.what === "reply").length >= 5 ? true : undefined));
  assert.ok(!attempt.told.some(({ what }) => what === "confirmed"));
});

test("a half-open link is noticed by its heartbeat", async () => {
  await using service = await startService((socket) => socket.send(start));
  await using proxy = await startProxy(service);
  const clock = new ManualClock();
  await using attempt = new Attempt(`ws://127.0.0.1:${proxy.port}/x`, { clock });
  await attempt.whenOpened();
  clock.advance(pingEveryMs);
  await attempt.until((told) => (told.what === "confirmed" ? true : undefined));
  proxy.freeze();
  attempt.link.sendAudio(new Uint8Array(3200));
  clock.advance(10_000);
  const { fault } = ofKind(await attempt.ending(), "dead");
  assert.equal(fault.code, "link-dead");
});

test("a peer that talks on, its own pings and forged pongs too, but answers no ping of ours is dead", async () => {
  let talking: NodeJS.Timeout | undefined;
  await using service = await startService(
    (socket) => {
      talking = setInterval(() => {
        socket.send(start);
        socket.ping();
        socket.pong("7");
      }, 20);
      socket.on("close", () => clearInterval(talking));
    },
    { autoPong: false },
  );
  const clock = new ManualClock();
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { clock });
  await attempt.whenOpened();
  const replies = () => attempt.told.filter(({ what }) => what === "reply").length;
  for (let ping = 1; ping <= 4; ping += 1) {
    clock.advance(pingEveryMs);
    const before = replies();
    await attempt.until(() => (replies() >= before + 2 ? true : undefined));
  }
  clock.advance(pingEveryMs);
  const { fault } = ofKind(await attempt.ending(), "dead");
  assert.match(fault.message, /answered no ping for 8 s/);
});

test("the usual pace: a ping every 2 s, and the end when one is 8 s old", async () => {
  await using service = await startService(() => {}, { autoPong: false });
  const clock = new ManualClock();
  let pings = 0;
  const endings: string[] = [];
  const opened = Promise.withResolvers<void>();
  openLink({
    url: new URL(`ws://127.0.0.1:${service.port}/x`),
    headers: {},
    clock,
    listener: {
      opened: () => opened.resolve(),
      reply() {},
      malformed() {},
      confirmed() {},
      closed: ({ how }) => void endings.push(how),
    },
    mark() {
      pings += 1;
      return pings;
    },
  });
  await opened.promise;
  for (const expected of [1, 2, 3, 4]) {
    clock.advance(pingEveryMs);
    assert.deepEqual([clock.monotonicMs(), pings], [expected * 2000, expected]);
  }
  clock.advance(1999);
  assert.deepEqual(endings, []);
  clock.advance(1);
  assert.deepEqual(endings, ["dead"]);
  assert.equal(clock.pending, 0);
});

test("messages that are none of the protocol's are told as such, and the link goes on", async () => {
  await using service = await startService((socket) => {
    socket.send(Buffer.from([1, 2, 3]));
    socket.send("<html>");
    socket.send('{"resp_type":"HELLO"}');
    socket.send('{"resp_type":"RESULT"}');
    socket.send(" ".repeat(2 * 1024 * 1024));
    socket.send(start);
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  await attempt.until(replyType);
  const faults = attempt.told.flatMap((told) => (told.what === "malformed" ? [told.fault.code] : []));
  assert.deepEqual(faults, ["wire-binary", "wire-bad-json", "wire-unknown-type", "wire-bad-message", "wire-oversized"]);
});

test("a message beyond all bounds ends the link, told first", async () => {
  await using service = await startService((socket) => socket.send(" ".repeat(5 * 1024 * 1024)));
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  const { code, reason, asked } = ofKind(await attempt.ending(), "closed");
  assert.deepEqual([code, asked], [1009, false]);
  assert.match(reason, /4194304 bytes/);
  const faults = attempt.told.flatMap((told) => (told.what === "malformed" ? [told.fault.code] : []));
  assert.deepEqual(faults, ["wire-oversized"]);
});

for (const [code, reason] of [
  [1000, ""],
  [1001, "going away"],
  [1011, "internal \u001b[31merror"],
  [4000, "x".repeat(123)],
] as const) {
  test(`the service closes with ${code}`, async () => {
    await using service = await startService((socket) => socket.close(code, reason));
    await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
    const expected = reason.replace("\u001b", " ");
    assert.deepEqual(await attempt.ending(), { how: "closed", code, reason: expected, asked: false });
    assert.equal(attempt.told[0]?.what, "opened");
  });
}

test("replies that come before the close are told before it", async () => {
  await using service = await startService((socket) => {
    for (let count = 0; count < 100; count += 1) socket.send(start);
    socket.close(1001);
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  await attempt.ending();
  assert.equal(attempt.told.filter(({ what }) => what === "reply").length, 100);
});

test("replies to what was sent last still come while the link closes", async () => {
  await using service = await startService((socket) => {
    socket.on("message", () => socket.send('{"resp_type":"END","reason":"NORMAL"}'));
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  await attempt.whenOpened();
  attempt.link.sendText("end");
  attempt.link.close();
  assert.equal(ofKind(await attempt.ending(), "closed").code, 1000);
  assert.deepEqual(
    attempt.told.map(({ what }) => what),
    ["opened", "reply", "closed"],
  );
});

test("what is not read piles up where it can be seen", async () => {
  let far: WebSocket | undefined;
  await using service = await startService((socket) => {
    far = socket;
    socket.pause();
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  await attempt.whenOpened();
  for (let count = 0; count < 200; count += 1) attempt.link.sendAudio(new Uint8Array(64_000));
  assert.ok(attempt.link.bufferedBytes() > 1_000_000);
  far?.resume();
  attempt.link.destroy();
  assert.deepEqual(await attempt.ending(), { how: "closed", code: 1006, reason: "", asked: true });
});
