import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseHttpDate, parseRefusalBody, parseRetryAfter } from "../../src/sis/http-answer.ts";

const now = Date.UTC(2026, 0, 1);
const dayMs = 24 * 60 * 60 * 1000;

test("the bodies of SIS, of the gateway and of IAM are understood", () => {
  const sis = '{"error_code":"SIS.0101","error_msg":"auth failed"}';
  assert.deepEqual(parseRefusalBody(sis), { code: "SIS.0101", message: "auth failed" });
  const gateway = '{"error_msg":"Incorrect IAM authentication information","error_code":"APIG.0301","request_id":"7f"}';
  assert.deepEqual(parseRefusalBody(gateway), {
    code: "APIG.0301",
    message: "Incorrect IAM authentication information",
  });
  const iam = '{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}';
  assert.deepEqual(parseRefusalBody(iam), { code: "401", message: "The username or password is wrong." });
});

for (const body of [
  "",
  "<html>Log in</html>",
  "[]",
  "null",
  "{",
  '{"error":"x"}',
  '{"error_code":{},"error_msg":[]}',
]) {
  test(`a body ${JSON.stringify(body)} says nothing`, () => {
    assert.deepEqual(parseRefusalBody(body), { code: null, message: null });
  });
}

test("a code is at most 64 characters long", () => {
  const body = (code: string) => JSON.stringify({ error_code: code, error_msg: "m" });
  assert.equal(parseRefusalBody(body("A".repeat(64))).code, "A".repeat(64));
  assert.deepEqual(parseRefusalBody(body("A".repeat(65))), { code: null, message: "m" });
});

test("a code that is a sentence is no code", () => {
  assert.equal(parseRefusalBody('{"error_code":"no such thing"}').code, null);
});

test("Retry-After is seconds or a date, between nothing and a day", () => {
  assert.equal(parseRetryAfter("120", now), 120_000);
  assert.equal(parseRetryAfter(" 0 ", now), 0);
  assert.equal(parseRetryAfter("999999999999", now), dayMs);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:01:30 GMT", now), 90_000);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  assert.equal(parseRetryAfter("Sun, 01 Jan 2090 00:00:00 GMT", now), dayMs);
  for (const nonsense of [undefined, "", "-5", "1.5", "soon", "Thu, 99 Foo 2026 00:00:00 GMT", "0x10", "1e3"]) {
    assert.equal(parseRetryAfter(nonsense, now), null, nonsense);
  }
});

test("a Date header is read as RFC 9110 writes it, and nothing else", () => {
  assert.equal(parseHttpDate("Thu, 01 Jan 2026 00:00:00 GMT"), now);
  for (const nonsense of [undefined, "", "2026-01-01T00:00:00Z", "1767225600", "Thu, 01 Jan 2026 00:00:00 GMT+5"]) {
    assert.equal(parseHttpDate(nonsense), null, nonsense);
  }
});

test("any body and any header give bounded answers", () => {
  const field = fc.oneof(fc.string({ unit: "binary", maxLength: 500 }), fc.anything({ maxDepth: 2 }));
  const shaped = fc
    .record(
      { error_code: field, error_msg: field, error: fc.record({ code: field, message: field }) },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? 0 : inner)));
  const body = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.json(), shaped);
  fc.assert(
    fc.property(body, (text) => {
      const { code, message } = parseRefusalBody(text);
      assert.ok(code === null || /^[\w.-]{1,64}$/.test(code));
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      assert.ok(message === null || (message.length <= 201 && !/[\u0000-\u001f]/.test(message)));
    }),
    { numRuns: 2000 },
  );
  const date = fc
    .tuple(fc.date({ noInvalidDate: false }), fc.string({ maxLength: 3 }))
    .map(([at, tail]) => `${at.toString()}${tail}`);
  const utc = fc.date({ noInvalidDate: true }).map((at) => at.toUTCString());
  const header = fc.oneof(fc.string({ maxLength: 80 }), date, utc, fc.integer().map(String), fc.constant(undefined));
  fc.assert(
    fc.property(header, fc.integer(), (text, at) => {
      const wait = parseRetryAfter(text, at);
      assert.ok(wait === null || (wait >= 0 && wait <= dayMs));
      const ms = parseHttpDate(text);
      assert.ok(ms === null || Number.isSafeInteger(ms));
    }),
    { numRuns: 2000 },
  );
});
