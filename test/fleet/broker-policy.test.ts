import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/base/fault.ts";
import { linkTrouble, reasonFault } from "../../src/fleet/broker-faults.ts";
import {
  afterEnd,
  brokerTimings,
  type ConnectionEnd,
  type EndClass,
  newHistory,
  reasonClass,
} from "../../src/fleet/broker-policy.ts";

const almostOne = () => 1 - Number.EPSILON;

function endOf(reasonCode: number | null, upMs = 0, kind: ConnectionEnd["kind"] = "unreachable"): ConnectionEnd {
  const meaning = reasonCode === null ? "network" : reasonClass(reasonCode);
  return { kind, reasonCode, meaning, fault: new Fault("broker-lost", "lost"), upMs };
}

const after = (failures: number) => ({ failures, shortLives: 0 });

const longest = (failures: number, reasonCode: number | null) =>
  Math.round(afterEnd(brokerTimings, after(failures), endOf(reasonCode), false, almostOne).retryInMs / 1_000);

const meanings: Readonly<Record<Exclude<EndClass, "clock">, readonly (number | null)[]>> = {
  network: [null, 0x8b, 0x8d, 0x98, 0xff],
  busy: [3, 0x80, 0x83, 0x88, 0x89, 0x97, 0x9f],
  credentials: [4, 5, 0x86, 0x87, 0x8a, 0x8c],
  config: [1, 2, 0x84, 0x85, 0x9c, 0x9d],
  identity: [0x8e],
};
for (const [meaning, codes] of Object.entries(meanings)) {
  test(`reason codes that mean ${meaning}`, () => {
    for (const code of codes) {
      const kind = code === null ? "unreachable" : "refused";
      assert.equal(
        afterEnd(brokerTimings, newHistory, endOf(code, 0, kind), false, almostOne).class,
        meaning,
        String(code),
      );
    }
  });
}

test("the wait doubles from 1 s to 10 minutes, and its jitter reaches down to nothing", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 9, 10, 100].map((failures) => longest(failures, null)),
    [1, 2, 4, 8, 512, 600, 600],
  );
  assert.equal(afterEnd(brokerTimings, after(5), endOf(null), false, () => 0).retryInMs, 0);
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

test("a broker that had let it in, and ends the connection for a message that it does not allow, is tried again soon", () => {
  const wait = (inFlight: boolean) =>
    afterEnd(brokerTimings, newHistory, endOf(0x87, 500, "lost"), inFlight, almostOne);
  assert.ok(wait(true).retryInMs <= 1_000);
  assert.equal(wait(true).class, "credentials");
  assert.ok(wait(false).retryInMs > 59_000);
});

test("who was pushed out by a twin stays away for five minutes at least", () => {
  assert.equal(afterEnd(brokerTimings, newHistory, endOf(0x8e), false, () => 0).retryInMs, 300_000);
  assert.equal(longest(0, 0x8e), 900);
});

test("only a connection that stayed up for a minute starts the count anew", () => {
  const failures = (upMs: number) =>
    afterEnd(brokerTimings, after(7), endOf(null, upMs, "lost"), false, almostOne).history.failures;
  assert.deepEqual([failures(59_999), failures(60_000)], [8, 1]);
});

test("four short connections in a row that end without a word mean a twin; anything else in between does not", () => {
  const classes = (ends: readonly ConnectionEnd[], inFlight = false) => {
    let history = newHistory;
    return ends.map((end) => {
      const next = afterEnd(brokerTimings, history, end, inFlight, almostOne);
      history = next.history;
      return next.class;
    });
  };
  const short = endOf(null, 500, "lost");
  assert.deepEqual(classes([short, short, short, short, short]), [
    "network",
    "network",
    "network",
    "identity",
    "identity",
  ]);
  // A broker that hangs up on a message is none.
  assert.ok(!classes([short, short, short, short, short], true).includes("identity"));
  for (const other of [
    endOf(null),
    endOf(null, 60_000, "lost"),
    endOf(0x8b, 500, "lost"),
    endOf(null, 500, "faulty"),
  ]) {
    assert.ok(!classes([short, short, short, other, short, short]).includes("identity"));
  }
});

test("every wait is finite and within its bounds, after any number of failures", () => {
  const reason = fc.option(fc.integer({ min: 0, max: 255 }));
  const drawn = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(5_000), reason, drawn, (failures, code, number) => {
      const { retryInMs } = afterEnd(brokerTimings, after(failures), endOf(code), false, () => number);
      assert.ok(retryInMs >= 0 && retryInMs <= 900_000);
    }),
  );
});

test("faults say what the broker or the system said, and what to do", () => {
  assert.match(reasonFault("broker-lost", 0x8e).message, /took over.*0x8e/);
  assert.match(reasonFault("broker-lost", 0x8e).hint, /device_id/);
  for (let code = 0x80; code <= 0xa2; code += 1)
    assert.notEqual(reasonFault("broker-refused", code).hint, "", `${code}`);
  assert.match(reasonFault("broker-refused", 0xee).message, /0xee/);
  const refused = linkTrouble(
    "broker-unreachable",
    Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
  ).fault;
  assert.deepEqual([refused.code, refused.message.includes("nothing listens")], ["broker-unreachable", true]);
  assert.ok(!linkTrouble("broker-lost", new Error("a\u001b[2Jb")).fault.message.includes("\u001b"));
});

test("who had been let in had the right address, and the right way to speak: the end says nothing of it", () => {
  const hintOf = (kind: "broker-lost" | "broker-unreachable", code: string) =>
    linkTrouble(kind, Object.assign(new Error("read"), { code })).fault.hint;
  for (const code of ["ECONNRESET", "EPROTO", "ECONNREFUSED"]) {
    assert.match(hintOf("broker-unreachable", code), /TLS|mqtt\.url/);
    assert.doesNotMatch(hintOf("broker-lost", code), /TLS|mqtt\.url/);
  }
  assert.match(hintOf("broker-lost", "ETIMEDOUT"), /network/);
});
