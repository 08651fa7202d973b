import type { Clock } from "../base/clock.ts";
import { Fault, toFault } from "../base/fault.ts";
import { assertAccess, type BrokerAccess } from "./broker-access.ts";
import { reasonFault } from "./broker-faults.ts";
import { openLine } from "./broker-line.ts";
import { brokerTimings } from "./broker-policy.ts";
import { timestamp } from "./payloads.ts";
import { assertOwner, type TopicOwner } from "./topics.ts";

/** Answers are small. */
const largestPacketBytes = 65_536;

/**
 * Tries what an agent needs of its broker: connects (under a client id of its own, so that a running agent is not pushed
 * out), publishes on one of the device's own topics, and subscribes to those that commands come by. Leaves nothing behind.
 * @param clientId not the device's
 * @throws Fault `broker-unreachable`, `broker-refused`; the signal's reason when it aborts
 */
export async function tryBroker(
  access: BrokerAccess,
  owner: TopicOwner,
  clientId: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  assertAccess(access);
  assertOwner(owner);
  const base = `sis/v1/${owner.fleet}/${owner.device}`;
  const work = Promise.withResolvers<void>();
  const own = { clean: true };
  const line = openLine(
    { access, clientId, clock, timings: brokerTimings, largestPacketBytes, own },
    { opened: publish, received() {} },
  );
  void rejectWithEnd();

  async function rejectWithEnd(): Promise<void> {
    const end = await line.ended;
    if (end !== null) work.reject(end.fault);
  }

  function publish(): void {
    const payload = JSON.stringify({ v: 1, ts: timestamp(clock.wallMs()) });
    const message = { topic: `${base}/up/doctor`, payload, qos: 1, retain: false, expirySeconds: null } as const;
    line.publish(message, (error, reasonCode) => {
      if (reasonCode !== null) work.reject(refused(`${base}/up/…`, "published on", reasonCode));
      else if (error === null) subscribe();
    });
  }

  function subscribe(): void {
    line.subscribe({ filters: [`${base}/dn/#`], qos: 1 }, (reasonCode) => {
      if (reasonCode === null) work.resolve();
      else work.reject(refused(`${base}/dn/#`, "subscribed to", reasonCode));
    });
  }

  const giveUp = () => work.reject(toFault(signal.reason));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await work.promise;
  } finally {
    signal.removeEventListener("abort", giveUp);
    line.cut();
  }
}

function refused(topic: string, what: string, reasonCode: number): Fault {
  const { message, hint } = reasonFault("broker-refused", reasonCode);
  return new Fault("broker-refused", `${topic} cannot be ${what}: ${message}`, { hint });
}
