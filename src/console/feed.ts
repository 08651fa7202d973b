import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { type Clock, pause } from "../base/clock.ts";
import { Fault, toFault } from "../base/fault.ts";
import type { Random } from "../base/random.ts";
import { type BrokerAccess, brokerAddress } from "../fleet/broker-access.ts";
import { linkTrouble, offenceFault, reasonFault, refusedConnection } from "../fleet/broker-faults.ts";
import { afterEnd, type BrokerTimings, type ConnectionEnd, newHistory, reasonClass } from "../fleet/broker-policy.ts";
import { watchPackets } from "../fleet/packet-guard.ts";
import { subscriptions } from "./topic.ts";

// The console's connection to the broker: a plain subscription, without a will and without a session that outlives it.
// It is made again whenever it ends, with the waits that devices use.

/** What the feed tells. */
export interface FeedListener {
  /** The broker is about to send everything that it keeps. */
  snapshotBegins(): void;
  received(topic: string, payload: Uint8Array): void;
  /** It has, as far as one can tell: nothing kept came for a while. */
  snapshotEnds(): void;
  /** There is no connection, and why. The next one is tried after `retryInMs`. */
  lost(fault: Fault, retryInMs: number): void;
}

export interface FeedOptions {
  readonly access: BrokerAccess;
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: BrokerTimings;
}

export interface Feed {
  /** Publishes at QoS 1. Rejects with a Fault when there is no connection, or the broker does not take it. */
  publish(topic: string, payload: string, expirySeconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** The most that a device may publish, and then some. */
const largestPacketBytes = 65_536;
/** Brokers that queue little send retained messages only as far as they may be unacknowledged: as far as MQTT goes. */
const receiveMaximum = 65_535;
/** What is retained counts as heard when nothing of it came for this long; at the last step, longer. */
const quietMs = 250;
const lastQuietMs = 600;
const lookMs = 100;
/** Everything that is retained is asked for again: a broker may have dropped some of what it had for the console. */
const refreshMs = 600_000;

/** Connects at once. Never throws. */
export function startFeed(options: FeedOptions, listener: FeedListener): Feed {
  const { clock, random, timings } = options;
  const stopping = new AbortController();
  let client: MqttClient | null = null;

  async function run(): Promise<void> {
    let history = newHistory;
    while (!stopping.signal.aborted) {
      const end = await attend(options, listener, stopping.signal, (open) => {
        client = open;
      });
      client = null;
      if (stopping.signal.aborted) return;
      const retry = afterEnd(timings, history, end, random);
      history = retry.history;
      listener.lost(end.fault, retry.retryInMs);
      await pause(clock, retry.retryInMs, stopping.signal);
    }
  }

  const running = run();
  return {
    async publish(topic, payload, expirySeconds) {
      if (client === null) throw new Fault("broker-unreachable", "there is no connection to the MQTT broker");
      const properties = { messageExpiryInterval: expirySeconds };
      const late = AbortSignal.timeout(timings.acknowledgeTimeoutMs);
      const answer = client.publishAsync(topic, payload, { qos: 1, retain: false, properties });
      const timeout = new Promise<never>((_, reject) => {
        late.addEventListener("abort", () => reject(new Error("the broker did not acknowledge it")), { once: true });
      });
      try {
        await Promise.race([answer, timeout]);
      } catch (cause) {
        throw new Fault("broker-refused", `the broker did not take the command: ${toFault(cause).message}`, { cause });
      }
    },
    stop() {
      stopping.abort();
      return running;
    },
  };
}

/** One connection, from its first packet to its end. */
function attend(
  { access, clientId, clock, timings }: FeedOptions,
  listener: FeedListener,
  stop: AbortSignal,
  opened: (client: MqttClient) => void,
): Promise<ConnectionEnd> {
  return new Promise((resolve) => {
    let end: ConnectionEnd | null = null;
    let openSinceMs: number | null = null;
    let timer: Disposable | null = null;
    let isWhole = false;
    const client = connect(clientOptions(access, clientId, timings));

    const conclude = (
      kind: ConnectionEnd["kind"],
      reasonCode: number | null,
      trouble: Pick<ConnectionEnd, "fault" | "meaning">,
    ) => {
      const upMs = openSinceMs === null ? 0 : clock.monotonicMs() - openSinceMs;
      end ??= { kind, reasonCode, ...trouble, upMs };
      client.stream.destroy();
    };
    const breakOff = (reasonCode: number | null, error: Error) => {
      const kind = openSinceMs !== null ? "lost" : reasonCode === null ? "unreachable" : "refused";
      const code = `broker-${kind}` as const;
      if (reasonCode === null) conclude(kind, null, linkTrouble(code, error));
      else {
        const fault = kind === "refused" ? refusedConnection(reasonCode) : reasonFault(code, reasonCode);
        conclude(kind, reasonCode, { fault, meaning: reasonClass(reasonCode) });
      }
    };

    const watch = watchPackets(largestPacketBytes);
    client.stream.prependListener("data", (chunk: Buffer) => {
      const misconduct = end === null ? watch(chunk) : null;
      if (misconduct === null) return;
      conclude("faulty", null, { fault: offenceFault("broker-lost", misconduct), meaning: "network" });
    });

    client.on("connect", () => {
      openSinceMs = clock.monotonicMs();
      opened(client);
      listener.snapshotBegins();
      subscribe(0);
    });
    let lastKeptMs = 0;
    client.on("message", (topic, payload, { retain }) => {
      if (end !== null) return;
      if (retain) lastKeptMs = clock.monotonicMs();
      listener.received(topic, payload);
    });
    client.on("disconnect", ({ reasonCode }) => breakOff(reasonCode ?? null, new Error("the broker ended it")));
    client.on("error", (error) => breakOff(reasonCodeOf(error), error));
    client.on("close", () => {
      breakOff(null, new Error("the connection ended without a word"));
      timer?.[Symbol.dispose]();
      stop.removeEventListener("abort", leave);
      if (end !== null) resolve(end);
    });

    function subscribe(step: number): void {
      const subscription = subscriptions[step];
      if (subscription === undefined) {
        if (!isWhole) listener.snapshotEnds();
        isWhole = true;
        timer = clock.after(refreshMs, () => subscribe(0));
        return;
      }
      const { filters, qos: level } = subscription;
      client.subscribe([...filters], { qos: level }, (error, granted) => {
        if (end !== null || stop.aborted) return;
        const refused = granted?.find(({ qos }) => qos >= 0x80);
        if (error === null && refused === undefined)
          whenQuiet(level === 0 ? quietMs : lastQuietMs, () => subscribe(step + 1));
        else breakOff(refused?.qos ?? (error === null ? 0x80 : reasonCodeOf(error)), error ?? new Error("refused"));
      });
    }

    function whenQuiet(ms: number, next: () => void): void {
      lastKeptMs = clock.monotonicMs();
      const look = () => {
        if (end !== null || stop.aborted) return;
        if (clock.monotonicMs() - lastKeptMs >= ms) next();
        else timer = clock.after(lookMs, look);
      };
      look();
    }

    function leave(): void {
      if (openSinceMs === null) {
        client.stream.destroy();
        return;
      }
      timer?.[Symbol.dispose]();
      timer = clock.after(timings.stopTimeoutMs, () => client.stream.destroy());
      client.end(false);
    }
    stop.addEventListener("abort", leave, { once: true });
  });
}

function reasonCodeOf(error: Error): number | null {
  return "code" in error && typeof error.code === "number" ? error.code : null;
}

function clientOptions(access: BrokerAccess, clientId: string, timings: BrokerTimings): IClientOptions {
  const { tls, host, port } = brokerAddress(access.url);
  const { user, password, ca, cert, key } = access;
  return {
    protocol: tls ? "mqtts" : "mqtt",
    host,
    port,
    clientId,
    clean: true,
    keepalive: 30,
    connectTimeout: timings.connectTimeoutMs,
    reconnectPeriod: 0,
    protocolVersion: access.protocol,
    ...(access.protocol === 5 && { properties: { receiveMaximum, maximumPacketSize: largestPacketBytes } }),
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}
