import { type Backoff, backoffDelayMs } from "../base/backoff.ts";
import type { Fault } from "../base/fault.ts";
import type { Random } from "../base/random.ts";

/** How one connection to the broker, or the try to get one, ended. */
export interface ConnectionEnd {
  /** faulty: what answered does not keep to MQTT, so we ended it; overfed: it sent more than is taken. */
  readonly kind: "unreachable" | "refused" | "lost" | "faulty" | "overfed";
  /** The broker's own word for it (MQTT 5 reason code, or a 3.1.1 CONNACK return code); null: it said nothing. */
  readonly reasonCode: number | null;
  readonly meaning: EndClass;
  readonly fault: Fault;
  /** How long it had been connected. */
  readonly upMs: number;
}

/** What kind of trouble the end of a connection is. */
export type EndClass = "network" | "busy" | "credentials" | "config" | "clock" | "identity";

/** Reason codes that are not plain trouble of the network (MQTT 5, table 2-6; 1 to 5 are MQTT 3.1.1, table 3.1). */
const byReasonCode: ReadonlyMap<number, EndClass> = new Map<number, EndClass>([
  [1, "config"], // unacceptable protocol version
  [2, "config"], // identifier rejected
  [3, "busy"], // server unavailable
  [4, "credentials"], // bad user name or password
  [5, "credentials"], // not authorised
  [0x80, "busy"], // unspecified error: the broker is ill, as with the next
  [0x83, "busy"], // implementation specific error
  [0x84, "config"], // unsupported protocol version
  [0x85, "config"], // client identifier not valid
  [0x86, "credentials"], // bad user name or password
  [0x87, "credentials"], // not authorised
  [0x88, "busy"], // server unavailable
  [0x89, "busy"], // server busy
  [0x8a, "credentials"], // banned
  [0x8c, "credentials"], // bad authentication method
  [0x8e, "identity"], // session taken over
  [0x97, "busy"], // quota exceeded
  [0x9c, "config"], // use another server
  [0x9d, "config"], // server moved
  [0x9f, "busy"], // connection rate exceeded
]);

/** What a broker's word means. */
export function reasonClass(reasonCode: number): EndClass {
  return byReasonCode.get(reasonCode) ?? "network";
}

/** Waits before the next attempt: at least `atLeastMs`, and on top of it full jitter. */
export interface RetryPolicy extends Backoff {
  readonly atLeastMs: number;
}

export interface BrokerTimings {
  readonly retry: Readonly<Record<EndClass, RetryPolicy>>;
  /** A connection that stayed up this long starts the count of failures anew. */
  readonly stableMs: number;
  /** How long a broker waits before it publishes the will (MQTT 5 only). */
  readonly willDelaySeconds: number;
  /** From the first packet to the broker's CONNACK. */
  readonly connectTimeoutMs: number;
  /** From a message to the broker's PUBACK, and from a subscription to its SUBACK. */
  readonly acknowledgeTimeoutMs: number;
  /** For what is left to be sent, and the goodbye, when the agent stops. */
  readonly stopTimeoutMs: number;
}

const longestMs = 600_000;

export const brokerTimings: BrokerTimings = {
  retry: {
    network: { atLeastMs: 0, baseMs: 1_000, capMs: longestMs },
    busy: { atLeastMs: 0, baseMs: 10_000, capMs: longestMs },
    credentials: { atLeastMs: 0, baseMs: 60_000, capMs: longestMs },
    config: { atLeastMs: 0, baseMs: 60_000, capMs: longestMs },
    // A clock that is wrong after the start is mostly set soon.
    clock: { atLeastMs: 0, baseMs: 5_000, capMs: longestMs },
    // Two devices with one id push each other out: both must keep away for long, or neither is ever heard.
    identity: { atLeastMs: 300_000, baseMs: longestMs, capMs: longestMs },
  },
  stableMs: 60_000,
  willDelaySeconds: 60,
  connectTimeoutMs: 15_000,
  acknowledgeTimeoutMs: 20_000,
  stopTimeoutMs: 1_500,
};

/** What has gone wrong in a row. */
export interface LinkHistory {
  readonly failures: number;
  /** Connections that were accepted, and soon after ended without a word. */
  readonly shortLives: number;
}

export const newHistory: LinkHistory = { failures: 0, shortLives: 0 };

/** MQTT 3.1.1 brokers cannot say "taken over", and some MQTT 5 brokers do not: after this many it is taken for that. */
const shortLivesOfTwins = 4;

/**
 * What the end means, with what went before, and the wait before the next attempt.
 *
 * @param inFlight whether messages were: the end may be the broker's answer to one, and says nothing of a twin
 */
export function afterEnd(
  timings: BrokerTimings,
  before: LinkHistory,
  end: ConnectionEnd,
  inFlight: boolean,
  random: Random,
): { readonly history: LinkHistory; readonly class: EndClass; readonly retryInMs: number } {
  const stable = end.upMs >= timings.stableMs;
  const failures = stable ? 1 : before.failures + 1;
  const wordless = end.kind === "lost" && end.reasonCode === null && !stable;
  const shortLives = wordless ? before.shortLives + (inFlight ? 0 : 1) : 0;
  const meaning = shortLives >= shortLivesOfTwins && !inFlight ? "identity" : end.meaning;
  // Whom it had let in, it may tell that of a message, and not keep out.
  const aboutMessage = inFlight && end.kind === "lost" && meaning === "credentials";
  const policy = timings.retry[aboutMessage ? "network" : meaning];
  const retryInMs = policy.atLeastMs + backoffDelayMs(policy, failures, random);
  return { history: { failures, shortLives }, class: meaning, retryInMs };
}
