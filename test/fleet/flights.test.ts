import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import type { ConnectionEnd } from "../../src/fleet/broker-policy.ts";
import { metricsMessage } from "../../src/fleet/delivery.ts";
import { Flights } from "../../src/fleet/flights.ts";
import type { Delivery, Entry } from "../../src/fleet/outbox.ts";
import { type Suspicion, suspectedFromTheStart, unsuspected } from "../../src/fleet/suspicion.ts";

const stableMs = 60_000;
const delivered = { result: "delivered" } as const;
const silent: ConnectionEnd = {
  kind: "lost",
  reasonCode: null,
  meaning: "network",
  fault: new Fault("broker-lost", "the connection ended without a word"),
  upMs: stableMs,
};

function entry(id: number, suspicion: Suspicion = unsuspected, keep: Delivery["keep"] = "every"): Entry {
  const { topic, payload, delivery } = metricsMessage({ fleet: "f", device: "d" }, { v: 1 } as never);
  return {
    id,
    message: { topic, payload, delivery: { ...delivery, keep } },
    sent: true,
    late: false,
    bytes: 1,
    suspicion,
  };
}

/** Another message was acknowledged at 0, and this one sent right after. */
function alone(sentAtMs = 0): Flights {
  const flights = new Flights();
  flights.sent(entry(1), 0);
  flights.answered(1, delivered, 0);
  flights.sent(entry(2, suspectedFromTheStart), sentAtMs);
  return flights;
}

const blame = (flights: Flights, change: Partial<ConnectionEnd> = {}, nowMs = 0) =>
  flights.blame({ ...silent, ...change }, stableMs, nowMs);
const socket = (code: string) => new Fault("broker-lost", "x", { cause: Object.assign(new Error("x"), { code }) });

test("plain is only the end of a stable connection, soon after a message went out alone, soon after another got through", () => {
  assert.equal(blame(alone()), "plain");
  assert.equal(blame(alone(), {}, 5_000), "plain");
  assert.equal(blame(alone(), {}, 5_001), "likely");
  assert.equal(blame(alone(5_000), {}, 5_000), "plain");
  assert.equal(blame(alone(5_001), {}, 5_001), "likely");
  assert.equal(blame(alone(), { upMs: stableMs - 1 }), "likely");
});

test("plain is only what the broker may do about a message", () => {
  for (const fault of ["ECONNRESET", "EPIPE"].map(socket)) assert.equal(blame(alone(), { fault }), "plain");
  for (const fault of ["ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN"].map(socket)) {
    assert.equal(blame(alone(), { fault }), "likely");
  }
  assert.equal(blame(alone(), { kind: "faulty" }), "likely");
  for (const reasonCode of [0x80, 0x83, 0x87, 0x95, 0x99]) assert.equal(blame(alone(), { reasonCode }), "plain");
  for (const reasonCode of [0x88, 0x89, 0x96, 0x97]) assert.equal(blame(alone(), { reasonCode }), "likely");
  for (const reasonCode of [0x8b, 0x8d, 0x8e, 0x98, 0x9c, 0x9d]) assert.equal(blame(alone(), { reasonCode }), "none");
});

test("where several were in flight, none, or nothing had got through, the end proves nothing", () => {
  const several = alone();
  several.sent(entry(3), 0);
  assert.equal(blame(several), "shared");
  const none = alone();
  none.answered(2, delivered, 0);
  assert.deepEqual([blame(none), blame(none, { upMs: 59_999 })], ["none", "bad-way"]);
  const first = new Flights();
  first.sent(entry(1, suspectedFromTheStart), 0);
  assert.equal(blame(first), "unproven");
});

test("a refusal is no proof that the connection works, nor is what was written at QoS 0", () => {
  const refused = new Flights();
  refused.sent(entry(1), 0);
  refused.answered(1, { result: "refused", reasonCode: 0x95, fault: silent.fault }, 0);
  refused.sent(entry(2, unsuspected, "now"), 0);
  refused.answered(2, delivered, 0);
  refused.sent(entry(3, suspectedFromTheStart), 0);
  assert.equal(blame(refused), "unproven");
});

test("after a message at QoS 0, which may be what the broker hangs up on, only a later one proves anything", () => {
  const flights = new Flights();
  flights.sent(entry(1), 0);
  flights.answered(1, delivered, 0);
  flights.sent(entry(2), 0);
  flights.sent(entry(3, unsuspected, "now"), 0);
  flights.answered(3, delivered, 0);
  flights.answered(2, delivered, 0);
  assert.deepEqual(flights.opening(0), { quiet: true, asideDueMs: Number.NEGATIVE_INFINITY, proven: false });
  flights.sent(entry(4), 0);
  flights.answered(4, delivered, 0);
  assert.deepEqual(flights.opening(0), { quiet: true, asideDueMs: 0, proven: true });
});

test("nothing goes out beside what goes alone; what is set aside is tried right after another got through", () => {
  assert.equal(alone().opening(0), null);
  const flights = alone();
  flights.answered(2, delivered, 1_000);
  assert.deepEqual(flights.opening(6_000), { quiet: true, asideDueMs: 6_000, proven: true });
  assert.deepEqual(flights.opening(6_001), { quiet: true, asideDueMs: Number.NEGATIVE_INFINITY, proven: false });
  flights.clear();
  assert.deepEqual(flights.opening(9_000), { quiet: true, asideDueMs: 9_000, proven: false });
});
