import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core";
import { AKSKSigner } from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";
import fc from "fast-check";
import { type ArrivedRequest, checkSignature } from "../../src/simulator/signature.ts";

const key = { accessKey: "AK0001", secret: "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc" };
const dateMs = Date.UTC(2019, 10, 15, 3, 36, 55);
const secretOf = (accessKey: string) => (accessKey === key.accessKey ? key.secret : undefined);
const target = "/v1/0a1b2c/rasr/continue-stream";

/** Signed by the vendor's own signer, the way its Python SDK does: content-type, host, x-sdk-date. */
function vendorSigned(secret = key.secret, path = target): Record<string, string> {
  const headers = { "content-type": "application/json", host: "127.0.0.1:8080", "X-Sdk-Date": "20191115T033655Z" };
  const credentials = new BasicCredentials().withAk(key.accessKey).withSk(secret);
  const request = { endpoint: `http://127.0.0.1:8080${path}`, method: "GET", url: path, queryParams: {}, headers };
  const signed = {
    ...headers,
    Authorization: String(Reflect.get(AKSKSigner.sign(request, credentials), "Authorization")),
  };
  return Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]));
}

const good: ArrivedRequest = { method: "GET", target, headers: vendorSigned() };
const withHeaders = (headers: ArrivedRequest["headers"]): ArrivedRequest => ({
  ...good,
  headers: { ...good.headers, ...headers },
});
const authorization = String(good.headers["authorization"]);
const minutes = 60_000;

suite("checking AK/SK signatures", () => {
  for (const [name, request, nowMs, expected] of [
    ["the vendor's signature", good, dateMs, "good"],
    ["14 minutes early", good, dateMs - 14 * minutes, "good"],
    ["14 minutes late", good, dateMs + 14 * minutes, "good"],
    ["16 minutes early", good, dateMs - 16 * minutes, "stale"],
    ["16 minutes late", good, dateMs + 16 * minutes, "stale"],
    ["another path", { ...good, target: "/v1/0a1b2c/rasr/short-stream" }, dateMs, "wrong"],
    ["another method", { ...good, method: "POST" }, dateMs, "wrong"],
    ["a query that was not signed", { ...good, target: `${target}?a=1` }, dateMs, "wrong"],
    ["another host", withHeaders({ host: "evil.example" }), dateMs, "wrong"],
    ["a signed header that is missing", withHeaders({ "content-type": undefined }), dateMs, "wrong"],
    ["a header more", withHeaders({ "x-more": "1" }), dateMs, "good"],
    ["another secret", { ...good, headers: vendorSigned("another") }, dateMs, "wrong"],
    [
      "an unknown key",
      withHeaders({ authorization: authorization.replace("AK0001", "AK0002") }),
      dateMs,
      "unknown-key",
    ],
    ["no authorization", withHeaders({ authorization: undefined }), dateMs, "malformed"],
    ["another scheme", withHeaders({ authorization: "Bearer x" }), dateMs, "malformed"],
    ["half a signature", withHeaders({ authorization: authorization.slice(0, -1) }), dateMs, "malformed"],
    ["no date", withHeaders({ "x-sdk-date": undefined }), dateMs, "bad-date"],
    ["a date in another form", withHeaders({ "x-sdk-date": "2019-11-15T03:36:55Z" }), dateMs, "bad-date"],
    ["a date that does not exist", withHeaders({ "x-sdk-date": "20191345T033655Z" }), dateMs, "bad-date"],
    [
      "a date that is not signed",
      withHeaders({ authorization: authorization.replace(";x-sdk-date", "") }),
      dateMs,
      "bad-date",
    ],
  ] as const) {
    test(`${name}: ${expected}`, () => {
      assert.equal(checkSignature(request, secretOf, nowMs), expected);
    });
  }

  test("no change of a byte goes unnoticed, and nothing makes it throw", () => {
    const names = Object.keys(good.headers);
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(200),
        fc.string({ minLength: 1, maxLength: 1 }),
        (name, at, sign) => {
          const value = String(good.headers[name]);
          const changed = value.slice(0, at % value.length) + sign + value.slice((at % value.length) + 1);
          fc.pre(changed.trim() !== value);
          const check = checkSignature(withHeaders({ [name]: changed }), secretOf, dateMs);
          // `, ` between the parts of the header may be written `,`; nothing else may differ.
          if (check === "good") assert.equal(changed.replaceAll(/, ?/g, ","), value.replaceAll(/, ?/g, ","));
        },
      ),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.constantFrom(...names), fc.string()), (anyTarget, headers) => {
        assert.notEqual(checkSignature({ method: "GET", target: anyTarget, headers }, secretOf, dateMs), "good");
      }),
      { numRuns: 500 },
    );
  });
});
