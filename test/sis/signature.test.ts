import assert from "node:assert/strict";
import { test } from "node:test";
import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core";
import { AKSKSigner } from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";
import fc from "fast-check";
import { canonicalRequest, sdkDate, signRequest, signText, stringToSign } from "../../src/sis/signature.ts";

const secretKey = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
const dateMs = Date.UTC(2019, 10, 15, 3, 36, 55);

test("the vendor's known answer", () => {
  const text = "SDK-HMAC-SHA256\n20191115T033655Z\nb25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a";
  assert.equal(signText(secretKey, text), "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe");
  assert.equal(sdkDate(dateMs), "20191115T033655Z");
  assert.match(stringToSign("20191115T033655Z", ""), /^SDK-HMAC-SHA256\n20191115T033655Z\n[0-9a-f]{64}$/);
});

test("the canonical request of an upgrade", () => {
  const url = new URL("wss://sis-ext.example:8443/v1/0a1b/rasr/continue-stream?b=2&a=x%20y&a=!");
  const headers = { "X-Sdk-Date": " 20191115T033655Z ", Host: url.host, "Content-Type": "application/json" };
  const { names, text } = canonicalRequest({ method: "get", url, headers });
  assert.equal(names, "content-type;host;x-sdk-date");
  assert.deepEqual(text.split("\n"), [
    "GET",
    "/v1/0a1b/rasr/continue-stream/",
    "a=%21&a=x%20y&b=2",
    "content-type:application/json",
    "host:sis-ext.example:8443",
    "x-sdk-date:20191115T033655Z",
    "",
    "content-type;host;x-sdk-date",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  ]);
});

test("every spelling of a path gives the same signature", () => {
  const of = (path: string) => canonicalRequest({ method: "GET", url: new URL(`wss://h${path}`), headers: {} }).text;
  assert.equal(of("/a%2Db/%7e"), of("/a-b/~"));
  assert.equal(of("/a"), of("/a/"));
  assert.notEqual(of("/a%2Fb"), of("/a/b"));
  assert.match(of("/a%zz"), /\n\/a%25zz\/\n/);
});

test("what is given is sent along with what signs it", () => {
  const url = new URL("wss://h/x");
  const headers = signRequest(
    { accessKey: "AK", secretKey },
    { method: "GET", url, headers: { "X-More": "1" } },
    dateMs,
  );
  assert.deepEqual(Object.keys(headers), ["X-More", "Host", "X-Sdk-Date", "Authorization"]);
  assert.match(
    headers["Authorization"] ?? "",
    /^SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-more;x-sdk-date, Signature=[0-9a-f]{64}$/,
  );
});

const vendorKey = new BasicCredentials().withAk("AK").withSk(secretKey);

test("the vendor's signer signs any request the same", () => {
  // Left out are characters that Node's legacy url.parse, which the vendor's signer uses, rewrites by itself.
  const sign = fc.constantFrom(...Array.from("abzAZ09-._~!$&()*+,;=:@中é𝄞"));
  const segment = fc.string({ unit: sign, maxLength: 8 }).filter((text) => text !== "." && text !== "..");
  const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join("/")}`);
  const text = fc.string({
    unit: fc.oneof(sign, fc.constantFrom(" ", "/", "?", "%", "#", '"', "'", "<")),
    maxLength: 8,
  });
  const query = fc.dictionary(text, fc.array(text, { minLength: 1, maxLength: 3 }), {
    maxKeys: 4,
    noNullPrototype: true,
  });
  const name = fc.stringMatching(/^x-[a-z0-9-]{1,10}$/).filter((word) => word !== "x-sdk-date");
  const value = fc.string({ unit: "grapheme-ascii", maxLength: 20 }).map((word) => word.trim());
  const headers = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
  const host = fc.constantFrom("sis-ext.cn-north-4.myhuaweicloud.com", "127.0.0.1:8080", "[::1]:9", "h:443");
  const date = fc.date({
    min: new Date("2000-01-01T00:00:00Z"),
    max: new Date("2099-01-01T00:00:00Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(
      path,
      query,
      headers,
      host,
      date,
      fc.constantFrom("GET", "POST"),
      (where, params, more, at, when, method) => {
        const url = new URL(`https://${at}`);
        url.pathname = where.split("/").map(encodeURIComponent).join("/");
        for (const [key, values] of Object.entries(params)) for (const one of values) url.searchParams.append(key, one);
        const mine = signRequest({ accessKey: "AK", secretKey }, { method, url, headers: more }, when.getTime());

        const request = {
          endpoint: `https://${at}${where}`,
          method,
          url: where,
          // The vendor's signer sorts the values in place.
          queryParams: Object.fromEntries(Object.entries(params).map(([key, values]) => [key, [...values]])),
          headers: { ...more, "X-Sdk-Date": sdkDate(when.getTime()), host: url.host },
        };
        const theirs = AKSKSigner.sign(request, vendorKey);
        assert.equal(mine["Authorization"], Reflect.get(theirs, "Authorization"));
      },
    ),
    { numRuns: 1000 },
  );
});
