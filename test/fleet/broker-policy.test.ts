import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/base/fault.ts";
import { linkFault, reasonFault } from "../../src/fleet/broker-faults.ts";
import { afterEnd, brokerTimings, type ConnectionEnd } from "../../src/fleet/broker-policy.ts";

const almostOne = () => 1 - Number.EPSILON;

function endOf(reasonCode: number | null, upMs = 0): ConnectionEnd {
  return { kind: "lost", reasonCode, fault: new Fault("broker-lost", "lost"), upMs };
}

const longest = (failuresBefore: number, reasonCode: number | null) =>
  Math.round(afterEnd(brokerTimings, failuresBefore, endOf(reasonCode), almostOne).retryInMs / 1_000);

test("the wait doubles from 1 s to 10 minutes, and its jitter reaches down to nothing", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 9, 10, 100].map((failures) => longest(failures, null)),
    [1, 2, 4, 8, 512, 600, 600],
  );
  assert.equal(afterEnd(brokerTimings, 5, endOf(null), () => 0).retryInMs, 0);
});

test("a busy broker is left alone for longer, a refusing one for longer still", () => {
  assert.deepEqual(
    [0x89, 0x97, 0x9f, 3].map((code) => longest(0, code)),
    [10, 10, 10, 10],
  );
  assert.deepEqual(
    [0x86, 0x87, 4, 5, 0x84].map((code) => longest(0, code)),
    [60, 60, 60, 60, 60],
  );
});

test("who was pushed out by a twin stays away for five minutes at least", () => {
  assert.equal(afterEnd(brokerTimings, 0, endOf(0x8e), () => 0).retryInMs, 300_000);
  assert.equal(longest(0, 0x8e), 900);
});

test("only a connection that stayed up for a minute starts the count anew", () => {
  assert.equal(afterEnd(brokerTimings, 7, endOf(null, 59_999), almostOne).failures, 8);
  assert.equal(afterEnd(brokerTimings, 7, endOf(null, 60_000), almostOne).failures, 1);
});

test("every wait is finite and within its bounds, after any number of failures", () => {
  const reason = fc.option(fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(
      fc.nat(5_000),
      reason,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, code, drawn) => {
        const { retryInMs } = afterEnd(brokerTimings, n, endOf(code), () => drawn);
        assert.ok(retryInMs >= 0 && retryInMs <= 900_000);
      },
    ),
  );
});

test("faults say what the broker or the system said, and what to do", () => {
  assert.match(reasonFault("broker-lost", 0x8e).message, /took over.*0x8e/);
  assert.match(reasonFault("broker-lost", 0x8e).hint, /device_id/);
  assert.match(reasonFault("broker-refused", 0xee).message, /0xee/);
  const refused = linkFault("broker-unreachable", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
  assert.deepEqual([refused.code, /nothing listens/.test(refused.message)], ["broker-unreachable", true]);
  assert.doesNotMatch(linkFault("broker-lost", new Error("a\u001b[2Jb")).message, /\u001b/);
});
