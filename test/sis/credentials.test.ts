import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core";
import { AKSKSigner } from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";
import { Fault } from "../../src/base/fault.ts";
import { akskCredentials, tokenCredentials } from "../../src/sis/credentials.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { Attempt, ofKind } from "./lab/attempt.ts";
import { startService, startWeb } from "./lab/peer.ts";

const accessKey = "AKID0123456789";
const secretKey = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
const never = new AbortController().signal;

/** Whether the vendor's signer, given only what has arrived, comes to the signature that has arrived. */
function verifies(request: IncomingMessage): boolean {
  const authorization = request.headers.authorization ?? "";
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(";") ?? [];
  const headers: Record<string, string> = {};
  for (const name of names) headers[name === "x-sdk-date" ? "X-Sdk-Date" : name] = String(request.headers[name]);
  const signed = AKSKSigner.sign(
    { endpoint: `http://${request.headers.host}${request.url}`, method: "GET", url: request.url ?? "", headers },
    new BasicCredentials().withAk(accessKey).withSk(secretKey),
  );
  return Reflect.get(signed, "Authorization") === authorization;
}

test("a signed upgrade can be verified from what arrives", async () => {
  const arrived: IncomingMessage[] = [];
  await using service = await startService((_socket, request) => arrived.push(request));
  const url = `ws://127.0.0.1:${service.port}/v1/0a1b2c/rasr/continue-stream`;
  const credentials = akskCredentials({ accessKey, secretKey, clock: new ManualClock() });
  await using attempt = new Attempt(url, { headers: await credentials.authorize(new URL(url), never) });
  await attempt.whenOpened();
  const [request] = arrived;
  assert.ok(request !== undefined);
  assert.equal(request.headers.host, `127.0.0.1:${service.port}`);
  assert.equal(request.rawHeaders.filter((name) => name.toLowerCase() === "host").length, 1);
  assert.match(request.headers.authorization ?? "", /SignedHeaders=content-type;host;x-sdk-date,/);
  assert.ok(verifies(request));
  request.headers["x-sdk-date"] = "20260101T000001Z";
  assert.ok(!verifies(request), "the check can fail");
  assert.equal(credentials.expiresAtMs(), null);
});

test("a clock that is off is corrected by the date of the refusal, and stays so when it is set right", async () => {
  const trueMs = Date.UTC(2026, 5, 1);
  const clock = new ManualClock(trueMs - 20 * 60_000);
  await using gateway = await startWeb((request, response) => {
    const sdkDate = String(request.headers["x-sdk-date"]).replace(
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
      "$1-$2-$3T$4:$5:$6Z",
    );
    const skewMs = Math.abs(Date.parse(sdkDate) - trueMs);
    const accepted = skewMs < 15 * 60_000;
    response.writeHead(accepted ? 503 : 401, { Date: new Date(trueMs).toUTCString() });
    response.end(accepted ? "" : '{"error_code":"APIGW.0301","error_msg":"signature expired"}');
  });
  const url = new URL(`ws://127.0.0.1:${gateway.port}/v1/p/rasr/short-stream`);
  const credentials = akskCredentials({ accessKey, secretKey, clock });
  const ask = async () => {
    await using attempt = new Attempt(url.href, { headers: await credentials.authorize(url, never) });
    return ofKind(await attempt.ending(), "refused");
  };
  const first = await ask();
  assert.deepEqual([first.diagnosis.class, first.serverDateMs], ["credentials", trueMs]);
  credentials.refused(first);
  assert.equal((await ask()).diagnosis.code, "HTTP.503");
  clock.stepWall(20 * 60_000);
  assert.equal((await ask()).diagnosis.code, "HTTP.503");
});

test("a refusal with a right clock, or without a date, changes nothing", async () => {
  const clock = new ManualClock();
  const credentials = akskCredentials({ accessKey, secretKey, clock });
  const url = new URL("wss://h/x");
  const before = await credentials.authorize(url, never);
  credentials.refused({ serverDateMs: null });
  credentials.refused({ serverDateMs: clock.wallMs() + 30_000 });
  assert.deepEqual(await credentials.authorize(url, never), before);
});

test("a ready-made token is read anew each time, so that a rotated file works", async () => {
  let content = "MIIN-first\n";
  const credentials = tokenCredentials(() => content);
  const url = new URL("wss://h/x");
  assert.deepEqual(await credentials.authorize(url, never), { "X-Auth-Token": "MIIN-first" });
  content = "MIIN-second";
  assert.deepEqual(await credentials.authorize(url, never), { "X-Auth-Token": "MIIN-second" });
  assert.equal(credentials.expiresAtMs(), null);
});

for (const [name, content] of [
  ["empty", " \n"],
  ["two lines", "one\ntwo"],
  ["too long", "x".repeat(16_385)],
  ["not ASCII", "tökén"],
] as const) {
  test(`a token file that is ${name} is a fault that does not show it`, async () => {
    const credentials = tokenCredentials(async () => Promise.resolve(content));
    await assert.rejects(credentials.authorize(new URL("wss://h/x"), never), (error) => {
      assert.ok(error instanceof Fault && error.code === "config-invalid");
      assert.ok(!`${error.message}${error.hint}`.includes(content.trim() || "\n"));
      return true;
    });
  });
}

test("a token file that cannot be read is the reader's fault", async () => {
  const fault = new Fault("config-unreadable", "no such file");
  const credentials = tokenCredentials(() => {
    throw fault;
  });
  await assert.rejects(credentials.authorize(new URL("wss://h/x"), never), fault);
});

test("reading a token ends with the attempt", async () => {
  const attempt = new AbortController();
  const credentials = tokenCredentials(async () => new Promise(() => {}));
  const result = credentials.authorize(new URL("wss://h/x"), attempt.signal);
  attempt.abort(new Error("shutdown"));
  await assert.rejects(result, /shutdown/);
  await assert.rejects(credentials.authorize(new URL("wss://h/x"), attempt.signal), /shutdown/);
});

test("an empty key, as an unset variable leaves it, is told before anything is asked of the service", () => {
  const clock = new ManualClock();
  for (const [keys, name] of [
    [{ accessKey: "", secretKey: "s" }, "accessKey"],
    [{ accessKey: "a", secretKey: " " }, "secretKey"],
  ] as const)
    assert.throws(() => akskCredentials({ ...keys, clock }), { code: "config-invalid", message: `${name} is empty` });
});
