import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { type Credentials, passwordCredentials, tokenCredentials } from "../../src/sis/credentials.ts";
import { dial } from "../../src/sis/dial.ts";
import type { LinkEnding, LinkListener } from "../../src/sis/link.ts";
import { CountingClock } from "./lab/attempt.ts";
import { refuse, startIam } from "./lab/iam.ts";
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
  const { link, clock } = open(
    tokenCredentials(() => ""),
    listener,
  );
  const [ending, ...more] = await ended;
  assert.ok(ending?.how === "unreachable" && ending.fault.code === "config-invalid" && more.length === 0);
  assert.equal(ending.retryAfterMs, null);
  link.close();
  link.destroy();
  assert.equal(clock.pending, 0, "an attempt that has failed has nothing left to end");
});

for (const [name, status, headers, expected] of [
  ["in seconds", 429, { "Retry-After": "60" }, 60_000],
  ["as a date, on IAM's clock", 503, { "Retry-After": "Thu, 01 Jan 2026 00:01:30 GMT" }, 90_000],
  ["not at all", 503, {}, null],
  ["in nonsense", 503, { "Retry-After": "soon" }, null],
] as const) {
  test(`an attempt for which IAM gives no token says when IAM wants to be asked again: ${name}`, async () => {
    await using iam = await startIam(refuse(status, "no", { Date: "Thu, 01 Jan 2026 00:00:00 GMT", ...headers }));
    const credentials = passwordCredentials({
      iamEndpoint: iam.endpoint,
      user: "kiosk",
      domain: "acme",
      password: "secret",
      project: { name: "cn-north-4" },
      clock: new CountingClock(),
      random: () => 0.5,
    });
    const { listener, ended } = listenFor();
    open(credentials, listener);
    const [ending] = await ended;
    assert.ok(ending?.how === "unreachable" && ending.fault.code === "token-unreachable");
    assert.equal(ending.retryAfterMs, expected);
  });
}

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

test("credentials that come after the attempt was given up are not used", async () => {
  let upgrades = 0;
  await using service = await startService(() => {
    upgrades += 1;
  });
  const { listener, ended } = listenFor();
  const given = Promise.withResolvers<Record<string, string>>();
  const heedless: Credentials = { authorize: () => given.promise, refused() {}, expiresAtMs: () => null };
  const { link, clock } = open(heedless, listener, service.port);
  link.destroy();
  given.resolve({});
  assert.equal((await ended).length, 1);
  assert.equal(clock.pending, 0, "a link was opened");
  assert.equal(upgrades, 0);
});
