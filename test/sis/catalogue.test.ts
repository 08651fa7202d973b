import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault, type FaultCode } from "../../src/base/fault.ts";
import {
  type Action,
  catalogue,
  diagnose,
  diagnoseFault,
  diagnoseRefusal,
  diagnoseStatus,
  type ErrorClass,
} from "../../src/sis/catalogue.ts";
import { HttpAnswer } from "../../src/sis/http-answer.ts";
import { explainNetworkError } from "../../src/sis/network-errors.ts";

/** The vendor's codes by what a client should do about them. */
const classes: Partial<Record<ErrorClass, readonly [Action, string]>> = {
  service: [
    "back-off",
    "SIS.0001 SIS.0003 SIS.0033 SIS.0100 SIS.0302 SIS.0303 SIS.0305 SIS.0306 SIS.0307 SIS.0401 SIS.0412 SIS.0413 SIS.0414 SIS.0417 SIS.0605 SIS.30008 APIGW.0201 APIGW.0602 HTTP.500 HTTP.502 HTTP.503 HTTP.504",
  ],
  credentials: ["renew-credentials", "SIS.0101 SIS.0102 APIGW.0301 APIGW.0307 HTTP.401"],
  account: ["hold", "SIS.0103 SIS.0022 SIS.0023 SIS.0024 APIGW.0302 APIGW.0303 HTTP.403"],
  throttled: ["back-off", "APIGW.0308 HTTP.429 SIS.0536 SIS.0312"],
  config: [
    "hold",
    "SIS.0012 SIS.0031 SIS.0032 SIS.0201 SIS.0203 SIS.0204 SIS.0205 SIS.0207 SIS.0208 SIS.0301 SIS.0402 SIS.0410 SIS.0411 SIS.0415 SIS.0601 SIS.0602 SIS.0604 SIS.0702 HTTP.400 HTTP.404 APIGW.0101",
  ],
  silence: ["check-capture", "SIS.0304 SIS.0416"],
  audio: ["new-session", "SIS.30006 SIS.0701 SIS.0309"],
  sequence: ["reconnect", "SIS.0418"],
};

for (const [name, [action, codes]] of Object.entries(classes)) {
  for (const code of codes.split(" ")) {
    test(`${code} is ${name}: ${action}`, () => {
      const found = diagnose(code);
      assert.deepEqual([found.code, found.known, found.class, found.action], [code, true, name, action]);
    });
  }
}

test("every code is listed once, with a meaning and a hint of its own", () => {
  const codes = catalogue.map((entry) => entry.code);
  assert.equal(new Set(codes).size, codes.length);
  for (const { code, meaning, hint } of catalogue) {
    assert.match(code, /^(SIS\.\d{4,5}|APIGW\.\d{4}|HTTP\.\d{3})$/);
    assert.ok(meaning.length > 10 && meaning.length < 120 && !meaning.endsWith("."), code);
    assert.ok(hint.length > 20 && hint.length < 320 && hint.endsWith("."), `${code}: ${hint}`);
    assert.ok(!/undefined|\$\{/.test(meaning + hint), code);
  }
  for (const field of ["meaning", "hint"] as const) {
    const all = catalogue.map((entry) => entry[field]);
    assert.deepEqual(
      all.filter((words, index) => all.indexOf(words) !== index),
      [],
      `each ${field} is its code's own`,
    );
  }
});

test("the gateway's codes have two spellings", () => {
  assert.equal(diagnose("APIG.0301").code, "APIGW.0301");
  assert.deepEqual(diagnose("APIG.0308"), diagnose("APIGW.0308"));
  assert.deepEqual(diagnose(" sis.0304 "), diagnose("SIS.0304"));
  assert.equal(diagnose("APIG.9999").code, "APIGW.9999");
});

test("a code that is not listed is trouble of the service, and known to be unknown", () => {
  const { code, known, class: errorClass, action, hint } = diagnose("SIS.0002");
  assert.deepEqual([code, known, errorClass, action], ["SIS.0002", false, "service", "back-off"]);
  assert.notEqual(hint, "");
});

test("an HTTP status has a class, listed or not", () => {
  const classOf = (status: number) => diagnoseStatus(status).class;
  assert.deepEqual(
    [200, 302, 400, 401, 403, 404, 407, 418, 429, 499, 500, 503, 511, 599].map(classOf),
    "network network config credentials account config network service throttled service service service network service".split(
      " ",
    ),
  );
  assert.equal(diagnoseStatus(599).code, "HTTP.599");
  assert.deepEqual([diagnoseStatus(418).known, diagnoseStatus(503).known], [false, true]);
});

test("a refusal is classified by its code, and by its status where the code is unknown or missing", () => {
  assert.equal(diagnoseRefusal(403, "APIG.0301").class, "credentials");
  const unlisted = diagnoseRefusal(403, "APIG.0304");
  assert.deepEqual([unlisted.code, unlisted.class, unlisted.known], ["APIGW.0304", "account", false]);
  assert.deepEqual(diagnoseRefusal(429, null), diagnoseStatus(429));
});

function coded(code: string, cause?: unknown): Error {
  return Object.assign(new Error("below", { cause }), { code });
}

const networkTroubles: [string, unknown, RegExp][] = [
  ["a name unknown to DNS", coded("ENOTFOUND"), /spelling/],
  ["DNS out of reach", coded("EAI_AGAIN"), /name servers/],
  ["a closed port", coded("ECONNREFUSED"), /port/],
  ["a closed port on each of several addresses", new AggregateError([coded("ECONNREFUSED")], "all refused"), /port/],
  ["a cut connection", coded("ECONNRESET"), /firewall/],
  ["no answer", coded("ETIMEDOUT"), /outgoing TCP/],
  ["no route", coded("ENETUNREACH"), /ip route/],
  ["an expired certificate", coded("CERT_HAS_EXPIRED"), /clock first/],
  ["a certificate of the future", coded("CERT_NOT_YET_VALID"), /clock is behind/],
  ["an unknown authority", coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), /NODE_EXTRA_CA_CERTS/],
  ["a self-signed certificate", coded("DEPTH_ZERO_SELF_SIGNED_CERT"), /not the real service/],
  ["a certificate of another host", coded("ERR_TLS_CERT_ALTNAME_INVALID"), /captive portal/],
  ["no TLS", coded("ERR_SSL_WRONG_VERSION_NUMBER"), /scheme and port/],
  ["no HTTP", coded("HPE_INVALID_CONSTANT"), /another program/],
  ["headers without end", coded("HPE_HEADER_OVERFLOW"), /another service/],
  ["fetch's wrapping", new TypeError("fetch failed", { cause: coded("ENOTFOUND") }), /spelling/],
  ["an unheard-of error", coded("EWEIRD"), /browser or curl/],
  ["no error at all", undefined, /browser or curl/],
];

test("each trouble of the network has its own hint", () => {
  const hints = networkTroubles.map(([name, cause, pattern]) => {
    const found = diagnoseFault(new Fault("link-unreachable", "cannot reach it", { cause }));
    assert.deepEqual([found.class, found.action], ["network", "reconnect"], name);
    assert.match(found.code, /^NET\.[A-Z_]+$|^link-unreachable$/, name);
    assert.match(found.hint, pattern, name);
    return found.hint;
  });
  assert.equal(new Set(hints).size, hints.length - 3, "a closed port, a wrapped and an unknown error come twice each");
});

test("the code names what the network said, and whom it was said about", () => {
  const cause = new TypeError("fetch failed", { cause: coded("ENOTFOUND") });
  assert.equal(diagnoseFault(new Fault("link-unreachable", "x", { cause })).code, "NET.ENOTFOUND");
  assert.equal(diagnoseFault(new Fault("token-unreachable", "x", { cause })).code, "IAM.ENOTFOUND");
  assert.equal(diagnoseFault(new Fault("link-unreachable", "x")).code, "link-unreachable");
  assert.equal(diagnoseFault(new Fault("link-dead", "x", { cause })).code, "link-dead");
});

test("a web page that refuses the upgrade is not the service's, but for what stands before it", () => {
  assert.deepEqual(
    [403, 404, 401, 400].map((status) => diagnoseRefusal(status, null, true)).map((found) => [found.code, found.class]),
    [403, 404, 401, 400].map((status) => [`PROXY.${status}`, "network"]),
  );
  assert.deepEqual(
    [302, 407, 502, 503].map((status) => diagnoseRefusal(status, null, true).code),
    ["HTTP.302", "HTTP.407", "HTTP.502", "HTTP.503"],
  );
  assert.equal(diagnoseRefusal(403, "APIG.0302", true).code, "APIGW.0302");
});

test("a cause that goes round in circles does no harm", () => {
  const circle = new Error("round");
  circle.cause = circle;
  assert.notEqual(diagnoseFault(new Fault("link-unreachable", "x", { cause: circle })).hint, "");
});

const faultClasses: [FaultCode, ErrorClass][] = [
  ["link-lost", "network"],
  ["link-dead", "network"],
  ["link-timeout", "network"],
  ["token-refused", "credentials"],
  ["token-unreachable", "network"],
  ["wire-bad-json", "service"],
  ["wire-bad-message", "service"],
  ["wire-unknown-type", "service"],
  ["wire-binary", "service"],
  ["wire-oversized", "service"],
  ["config-invalid", "config"],
  ["config-unreadable", "config"],
  ["disk-failed", "service"],
  ["internal", "service"],
];

for (const [code, errorClass] of faultClasses) {
  test(`a ${code} is ${errorClass}`, () => {
    const found = diagnoseFault(new Fault(code, "it happened"));
    assert.deepEqual([found.code, found.class, found.known], [code, errorClass, true]);
    assert.ok(found.hint.length > 20 && found.meaning.length > 10);
  });
}

test("what IAM answered has the class of its status", () => {
  const classOf = (status: number) =>
    diagnoseFault(new Fault("token-refused", "no", { cause: new HttpAnswer(status, null) })).class;
  assert.deepEqual([401, 403, 404, 429, 503].map(classOf), [
    "credentials",
    "account",
    "config",
    "throttled",
    "service",
  ]);
});

test("where IAM cannot be asked, the hint names IAM's setting, not the service's", () => {
  for (const [name, cause] of networkTroubles) {
    assert.match(diagnoseFault(new Fault("token-unreachable", "x", { cause })).hint, /iam_endpoint/, name);
    assert.doesNotMatch(explainNetworkError(cause, "iam_endpoint").hint, /the endpoint/, name);
  }
});

test("a fault's own hint comes first", () => {
  assert.equal(diagnoseFault(new Fault("link-dead", "x", { hint: "Do this." })).hint, "Do this.");
});

test("any code gives a bounded diagnosis", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: "binary" }), fc.integer(), (text, status) => {
      for (const found of [diagnose(text), diagnoseRefusal(status, text), diagnoseStatus(status)]) {
        assert.ok(found.code.length <= 65 && found.hint.length > 0);
      }
    }),
    { numRuns: 1000 },
  );
});
