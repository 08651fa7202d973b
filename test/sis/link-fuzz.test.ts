import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Attempt } from "./lab/attempt.ts";
import { startRaw } from "./lab/peer.ts";

const upgrade =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";

/** Runs one link against a peer that answers its request with these bytes, cut anywhere, and hangs up. */
async function run(port: number): Promise<Attempt> {
  const attempt = new Attempt(`ws://127.0.0.1:${port}/x`, { timing: { closeMs: 50 } });
  const ending = await attempt.ending();
  assert.ok(JSON.stringify(ending).length < 3000);
  return attempt;
}

test("whatever bytes answer the request, the link ends once", async () => {
  let answer: Buffer[] = [];
  await using peer = await startRaw((socket) => {
    socket.once("data", () => {
      for (const part of answer) socket.write(part);
      socket.end();
    });
  });
  const line = fc.oneof(
    fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.1 401 x", "HTTP/1.0 503", "Content-Length: 5", "Content-Length: -1"),
    fc.constantFrom(
      "Transfer-Encoding: chunked",
      "Location: http://127.0.0.1:1/",
      "Retry-After: 1e9",
      "",
      "Date: never",
    ),
    fc.constantFrom('{"error_code":"SIS.0101"}', "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "5"),
    fc.string({ maxLength: 20 }),
  );
  const text = fc.array(line, { maxLength: 8 }).map((lines) => Buffer.from(lines.join("\r\n"), "latin1"));
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof({ weight: 3, arbitrary: text }, bytes), { maxLength: 4 }), async (parts) => {
      answer = parts;
      const { told } = await run(peer.port);
      assert.deepEqual(
        told.map(({ what }) => what),
        ["closed"],
      );
    }),
    { numRuns: 200 },
  );
});

test("whatever frames follow the upgrade, the link ends once", async () => {
  let frames: Buffer[] = [];
  await using peer = await startRaw((socket) => {
    socket.once("data", (data) => {
      const key = /Sec-WebSocket-Key: (\S+)/i.exec(data.toString("latin1"))?.[1] ?? "";
      const digest = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(`${upgrade}${digest}\r\n\r\n`);
      for (const frame of frames) socket.write(frame);
      socket.end();
    });
  });
  const payload = fc.oneof(
    fc.constant('{"resp_type":"START"}'),
    fc.constantFrom('{"resp_type":"RESULT","segments":[]}', "{", "\u0003\u00e8bye"),
    fc.string({ maxLength: 100 }),
  );
  const frame = fc
    .tuple(
      fc.constantFrom(0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x80, 0xff),
      payload,
    )
    .map(([head, text]) => {
      const body = Buffer.from(text, "latin1").subarray(0, 125);
      return Buffer.concat([Buffer.from([head, body.length]), body]);
    });
  const noise = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));
  let replies = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof({ weight: 4, arbitrary: frame }, noise), { maxLength: 5 }), async (parts) => {
      frames = parts;
      const { told } = await run(peer.port);
      assert.equal(told[0]?.what, "opened");
      assert.equal(told.filter(({ what }) => what === "closed").length, 1);
      replies += told.filter(({ what }) => what === "reply").length;
    }),
    { numRuns: 200 },
  );
  assert.ok(replies > 10, `${replies} replies: the cases do not reach the inside`);
});
