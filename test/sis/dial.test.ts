import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { type Credentials, tokenCredentials } from "../../src/sis/credentials.ts";
import { dial } from "../../src/sis/dial.ts";
import type { LinkEnding, LinkListener } from "../../src/sis/link.ts";
import { CountingClock } from "./lab/attempt.ts";
import { startService } from "./lab/peer.ts";

/** A listener whose `ended` gives all endings told by the time that nothing more can come. */
function listenFor(): {
  readonly listener: LinkListener;
  readonly opened: Promise<void>;
  readonly ended: Promise<LinkEnding[]>;
} {
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<LinkEnding[]>();
  const endings: LinkEnding[] = [];
  return {
    opened: opened.promise,
    ended: ended.promise,
    listener: {
      opened: () => opened.resolve(),
      reply() {},
      malformed() {},
      confirmed() {},
      closed(ending) {
        endings.push(ending);
        setTimeout(() => ended.resolve(endings), 20);
      },
    },
  };
}

function open(credentials: Credentials, listener: LinkListener, port = 1) {
  const url = new URL(`ws://127.0.0.1:${port}/v1/p/rasr/short-stream`);
  const clock = new CountingClock();
  return { clock, link: dial({ url, credentials, clock, listener, mark: () => 0 }) };
}

test("an attempt opens a link with the credentials", async () => {
  let token: unknown;
  await using service = await startService((_socket, request) => {
    token = request.headers["x-auth-token"];
  });
  const { listener, opened, ended } = listenFor();
  const { link, clock } = open(
    tokenCredentials(() => "T1"),
    listener,
    service.port,
  );
  link.sendText("too early: nothing happens");
  await opened;
  assert.equal(token, "T1");
  link.close();
  assert.deepEqual(await ended, [{ how: "closed", code: 1000, reason: "", asked: true }]);
  assert.equal(clock.pending, 0);
});

test("an attempt without credentials ends with their fault", async () => {
  const { listener, ended } = listenFor();
  const { link } = open(
    tokenCredentials(() => ""),
    listener,
  );
  const [ending, ...more] = await ended;
  assert.ok(ending?.how === "unreachable" && ending.fault.code === "config-invalid" && more.length === 0);
  link.close();
});

test("an attempt can be given up while it waits for its credentials", async () => {
  const { listener, ended } = listenFor();
  let reason: unknown;
  const waiting: Credentials = {
    async authorize(_url, signal) {
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          reject(new Fault("internal", "aborted"));
        });
      });
    },
    refused() {},
    expiresAtMs: () => null,
  };
  const { link, clock } = open(waiting, listener);
  link.destroy();
  link.close();
  assert.deepEqual(await ended, [{ how: "closed", code: 1006, reason: "", asked: true }]);
  assert.ok(reason instanceof Error);
  assert.equal(clock.pending, 0);
});
