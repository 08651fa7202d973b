import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { test } from "node:test";
import { diagnoseFault } from "../../src/sis/catalogue.ts";
import { type LinkEnding, openLink } from "../../src/sis/link.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { Attempt, CountingClock, ofKind } from "./lab/attempt.ts";
import { startRaw, startService, startWeb } from "./lab/peer.ts";

/** Answers an upgrade by hand, then does as told: for peers that no library would be. */
async function startHandmade(after: (socket: Socket) => void, accept?: string) {
  return startRaw((socket) => {
    socket.once("data", (data) => {
      const key = /Sec-WebSocket-Key: (\S+)/i.exec(data.toString("latin1"))?.[1] ?? "";
      const digest = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept ?? digest}\r\n\r\n`,
      );
      after(socket);
    });
  });
}

test("closing a peer that answers nothing takes no longer than allowed", async () => {
  await using service = await startHandmade(() => {});
  const clock = new ManualClock();
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { clock, timing: { closeMs: 100 } });
  await attempt.whenOpened();
  attempt.link.close();
  clock.advance(99);
  assert.equal(clock.pending, 1, "it still waits");
  clock.advance(1);
  assert.deepEqual(await attempt.ending(), { how: "closed", code: 1006, reason: "", asked: true });
});

test("destroying is at once", async () => {
  await using service = await startHandmade(() => {});
  const clock = new ManualClock();
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { clock });
  await attempt.whenOpened();
  attempt.link.destroy();
  assert.equal(attempt.told.at(-1)?.what, "opened", "not told from within the call");
  assert.deepEqual(await attempt.ending(), { how: "closed", code: 1006, reason: "", asked: true });
});

for (const how of ["close", "destroy"] as const) {
  test(`${how} before the link opens ends it, told once and later`, async () => {
    await using service = await startRaw(() => {});
    await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
    attempt.link[how]();
    assert.deepEqual(attempt.told, []);
    assert.deepEqual(await attempt.ending(), { how: "closed", code: 1006, reason: "", asked: true });
  });

  test(`${how} from within opened ends it`, async () => {
    await using service = await startService(() => {});
    await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { onOpened: (link) => link[how]() });
    assert.equal(ofKind(await attempt.ending(), "closed").asked, true);
  });
}

for (const how of ["close", "destroy"] as const) {
  test(`${how} while the body of a refusal comes is the end, not the refusal`, async () => {
    await using service = await startWeb((_request, response) => void response.writeHead(503).write("{"));
    const refusalBodyMs = 4321;
    const refused = Promise.withResolvers<void>();
    const ending = Promise.withResolvers<LinkEnding>();
    class TellingClock extends CountingClock {
      override after(delayMs: number, action: () => void): Disposable {
        if (delayMs === refusalBodyMs) refused.resolve();
        return super.after(delayMs, action);
      }
    }
    const clock = new TellingClock();
    const link = openLink({
      url: new URL(`ws://127.0.0.1:${service.port}/x`),
      headers: {},
      clock,
      listener: { opened() {}, reply() {}, malformed() {}, confirmed() {}, closed: (it) => ending.resolve(it) },
      mark: () => 0,
      timing: { refusalBodyMs },
    });
    await refused.promise;
    link[how]();
    assert.deepEqual(await ending.promise, { how: "closed", code: 1006, reason: "", asked: true });
    assert.equal(clock.pending, 0);
  });
}

test("a connection reset after the upgrade is lost, with the system's word for it", async () => {
  await using service = await startHandmade((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { onOpened: (link) => link.sendText("hello") });
  assert.deepEqual(await attempt.ending(), { how: "closed", code: 1006, reason: "ECONNRESET", asked: false });
});

test("a connection that just ends after the upgrade is lost", async () => {
  await using service = await startHandmade((socket) => socket.end());
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  assert.deepEqual(await attempt.ending(), { how: "closed", code: 1006, reason: "", asked: false });
});

test("a peer that says goodbye and stays is left after a while, with its own code", async () => {
  await using service = await startHandmade((socket) => socket.write(Buffer.from([0x88, 0x02, 0x03, 0xe9])));
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { timing: { closeMs: 100, deadMs: 60_000 } });
  assert.deepEqual(await attempt.ending(), { how: "closed", code: 1001, reason: "", asked: false });
});

for (const [name, bytes, code] of [
  ["frames of nonsense", Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), 1002],
  ["text that is not UTF-8", Buffer.from([0x81, 0x02, 0xc3, 0x28]), 1007],
  ["a length beyond reason", Buffer.from([0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), 1009],
  ["a compressed frame that nobody asked for", Buffer.from([0xc1, 0x01, 0x00]), 1002],
] as const) {
  test(`${name} after the upgrade: told, and ended with ${code}`, async () => {
    await using service = await startHandmade((socket) => socket.write(bytes));
    await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { timing: { closeMs: 100 } });
    const ending = ofKind(await attempt.ending(), "closed");
    assert.deepEqual([ending.code, ending.asked], [code, false]);
    assert.deepEqual(
      attempt.told.map(({ what }) => what),
      ["opened", "malformed", "closed"],
    );
  });
}

test("a refusal is classified by its body, with its wait and the service's clock", async () => {
  await using service = await startWeb((_request, response) => {
    response.writeHead(429, { "Retry-After": "7", Date: "Thu, 01 Jan 2026 00:00:00 GMT" });
    response.end('{"error_code":"APIG.0308","error_msg":"The throttling threshold has been reached"}');
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  const ending = ofKind(await attempt.ending(), "refused");
  assert.deepEqual([ending.diagnosis.code, ending.diagnosis.class], ["APIGW.0308", "throttled"]);
  assert.equal(ending.message, "The throttling threshold has been reached");
  assert.equal(ending.retryAfterMs, 7000);
  assert.equal(ending.serverDateMs, Date.UTC(2026, 0, 1));
});

test("the clock of whoever answers with a page, as a hotel's network does, is not the service's", async () => {
  const dates: number[] = [];
  for (const [type, body] of [
    ["text/html", "Please log in"],
    ["text/plain", " <html>Please log in</html>"],
    ["application/json", '{"error_code":"APIG.0308","error_msg":"x"}'],
  ] as const) {
    await using service = await startWeb((_request, response) => {
      response.writeHead(511, { "Content-Type": type, Date: "Thu, 01 Jan 2015 00:00:00 GMT" }).end(body);
    });
    await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { onDate: (ms) => dates.push(ms) });
    const ending = ofKind(await attempt.ending(), "refused");
    if (ending.serverDateMs !== null) dates.push(ending.serverDateMs);
  }
  const itsOwn = Date.UTC(2015, 0, 1);
  assert.deepEqual(dates, [itsOwn, itsOwn]);
});

test("a date in Retry-After is measured on the service's own clock", async () => {
  await using service = await startWeb((_request, response) => {
    response.writeHead(503, { "Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT", Date: "Thu, 01 Jan 2026 00:00:00 GMT" });
    response.end();
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  const ending = ofKind(await attempt.ending(), "refused");
  assert.deepEqual([ending.diagnosis.code, ending.retryAfterMs], ["HTTP.503", 60_000]);
  assert.match(ending.message, /HTTP 503/);
});

test("a redirect is not followed", async () => {
  let asked = 0;
  await using service = await startWeb((request, response) => {
    asked += 1;
    response.writeHead(302, { Location: `http://${request.headers.host}/elsewhere` }).end();
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  const ending = ofKind(await attempt.ending(), "refused");
  assert.deepEqual([ending.diagnosis.code, ending.diagnosis.class, asked], ["HTTP.302", "network", 1]);
});

test("a refusal whose body never ends in time counts as far as it came", async () => {
  await using service = await startWeb((_request, response) => {
    response.writeHead(401).write('{"error_code":"SIS.0101"}');
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { timing: { refusalBodyMs: 100 } });
  const ending = ofKind(await attempt.ending(), "refused");
  assert.equal(ending.diagnosis.code, "SIS.0101");
});

test("a refusal whose body has no end in size is cut", async () => {
  await using service = await startWeb((_request, response) => {
    response.writeHead(500);
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`, { timing: { refusalBodyMs: 60_000 } });
  const ending = ofKind(await attempt.ending(), "refused");
  assert.equal(ending.diagnosis.code, "HTTP.500");
});

test("a refusal whose body breaks off still counts", async () => {
  await using service = await startWeb((_request, response) => {
    response.writeHead(403, { "Content-Length": "1000" });
    response.write("half", () => response.socket?.resetAndDestroy());
  });
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  assert.equal(ofKind(await attempt.ending(), "refused").diagnosis.class, "account");
});

test("an upgrade with a wrong accept key is not the service", async () => {
  await using service = await startHandmade(() => {}, "bm9wZQ==");
  await using attempt = new Attempt(`ws://127.0.0.1:${service.port}/x`);
  const { fault } = ofKind(await attempt.ending(), "unreachable");
  assert.equal(fault.code, "link-unreachable");
  assert.ok(fault.message.startsWith(`127.0.0.1:${service.port} is not the service: `), fault.message);
  assert.match(fault.message, /Sec-WebSocket-Accept/);
  assert.match(fault.hint, /proxy or another service/);
  assert.equal(diagnoseFault(fault).class, "network");
});
