import { connect } from "mqtt";
import { Fault, toFault } from "../base/fault.ts";
import { assertAccess, type BrokerAccess, brokerAddress } from "./broker-access.ts";
import { linkTrouble, reasonFault, refusedConnection } from "./broker-faults.ts";
import { timestamp } from "./payloads.ts";
import { levelProblem, type TopicOwner } from "./topics.ts";

/**
 * Tries what an agent needs of its broker: connects (under a client id of its own, so that a running agent is not pushed
 * out), publishes on one of the device's own topics, and subscribes to those that commands come by. Leaves nothing behind.
 * @param clientId not the device's
 * @param nowMs wall clock, for the message
 * @throws Fault `broker-unreachable`, `broker-refused`; the signal's reason when it aborts
 */
export async function tryBroker(
  access: BrokerAccess,
  owner: TopicOwner,
  clientId: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  assertAccess(access);
  for (const level of [owner.fleet, owner.device]) {
    const problem = levelProblem(level);
    if (problem !== null)
      throw new Fault("config-invalid", `fleet or device_id cannot be part of a topic: it ${problem}`);
  }
  const { tls, host, port } = brokerAddress(access.url);
  const { user, password, ca, cert, key } = access;
  const client = connect({
    protocol: tls ? "mqtts" : "mqtt",
    host,
    port,
    clientId,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: 15_000,
    protocolVersion: access.protocol,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
  const base = `sis/v1/${owner.fleet}/${owner.device}`;
  const work = Promise.withResolvers<void>();
  const giveUp = () => work.reject(toFault(signal.reason));
  signal.addEventListener("abort", giveUp, { once: true });
  client.on("error", (error) => work.reject(connectFault(error)));
  client.on("close", () => work.reject(new Fault("broker-unreachable", "MQTT broker: it hung up")));
  client.on("connect", () => {
    client.publish(`${base}/up/doctor`, JSON.stringify({ v: 1, ts: timestamp(nowMs) }), { qos: 1 }, (error, packet) => {
      const reason = packet !== undefined && "reasonCode" in packet ? (packet.reasonCode ?? 0) : 0;
      if (error || reason >= 0x80)
        return work.reject(refused(`${base}/up/…`, "published on", reasonOf(error) ?? reason));
      client.subscribe(`${base}/dn/#`, { qos: 1 }, (failure, grants) => {
        const granted = grants?.[0]?.qos ?? 0x80;
        if (failure || granted >= 0x80)
          work.reject(refused(`${base}/dn/#`, "subscribed to", reasonOf(failure) ?? granted));
        else work.resolve();
      });
    });
  });
  try {
    await work.promise;
  } finally {
    signal.removeEventListener("abort", giveUp);
    client.end(true);
  }
}

function connectFault(error: Error): Fault {
  const reason = reasonOf(error);
  return reason === null ? linkTrouble("broker-unreachable", error).fault : refusedConnection(reason);
}

function refused(topic: string, what: string, reasonCode: number): Fault {
  const { message, hint } = reasonFault("broker-refused", reasonCode);
  return new Fault("broker-refused", `${topic} cannot be ${what}: ${message}`, { hint });
}

function reasonOf(error: unknown): number | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "number" && code > 0 ? code : null;
}
