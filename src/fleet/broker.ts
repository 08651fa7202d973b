import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import { toFault } from "../base/fault.ts";
import { type BrokerAccess, brokerAddress } from "./broker-access.ts";
import { linkTrouble, type Offence, offenceFault, reasonFault, refusedConnection } from "./broker-faults.ts";
import { type BrokerTimings, type ConnectionEnd, type EndClass, reasonClass } from "./broker-policy.ts";
import { watchPackets } from "./packet-guard.ts";

// One connection to the broker, from the first packet to the last: the only file that knows the MQTT library. The
// library's own reconnect and its store, which has no bound, are not used: nothing is handed to it while there is no
// connection, and only a few messages at a time while there is one.

/** A message, ready for the wire. */
export interface Outgoing {
  /** The carrier's name for it. */
  readonly id: number;
  readonly topic: string;
  readonly payload: string;
  /** 0: counts as delivered as soon as it is written. */
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5 only; null: never. */
  readonly expirySeconds: number | null;
}

/** What the broker publishes, retained, when the connection ends without a goodbye. */
export interface Will {
  readonly topic: string;
  readonly payload: string;
}

/** The broker's answer to a message. */
export type Answer =
  | { readonly result: "delivered" }
  /** It will never take this message. */
  | { readonly result: "refused"; readonly reasonCode: number; readonly fault: Fault };

/** A message to this device. */
export interface Incoming {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker keeps it: it may be old. */
  readonly retain: boolean;
}

/** What a connection needs of its owner. */
export interface Carrier {
  /** What to subscribe to, at QoS 1. */
  readonly subscriptions: readonly string[];
  /** The broker has accepted the connection. Called once at most, before the first `take`. */
  connected(): void;
  /** The next message to send; null: nothing waits. What is not answered when the connection ends was not delivered. */
  take(): Outgoing | null;
  answered(id: number, answer: Answer): void;
  /** The broker took a message that nobody subscribes to. */
  unheard(): void;
  received(message: Incoming): void;
  /** The broker has answered the subscriptions; null: it takes them all. */
  subscribed(refusal: { readonly reasonCode: number; readonly fault: Fault } | null): void;
}

export interface Connection {
  /** Resolves when the connection is over and nothing is left of it; null: it ended because `finish` was called. */
  readonly ended: Promise<ConnectionEnd | null>;
  /** Something waits to be sent. */
  wake(): void;
  /** Sends what waits, says goodbye, ends. After `timeoutMs` the line is cut, and the will stands. */
  finish(timeoutMs: number): void;
}

export interface ConnectionOptions {
  readonly access: BrokerAccess;
  readonly clientId: string;
  readonly will: Will;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly timings: BrokerTimings;
}

type State =
  | { readonly phase: "connecting" }
  | { readonly phase: "open"; readonly sinceMs: number; readonly limits: Limits }
  /** Only the socket's end is awaited. */
  | { readonly phase: "closing"; readonly end: ConnectionEnd | null };

/** What the broker takes. */
interface Limits {
  readonly window: number;
  readonly packetBytes: number;
}

/** Messages on their way at once, at most. */
const windowSize = 16;
const sessionExpirySeconds = 3_600;
const keepaliveSeconds = 60;
/** Of an inbound packet. Commands and settings are small. */
const largestInboundBytes = 65_536;
/** Header, topic length, packet id and properties around topic and payload, generously. */
const overheadBytes = 64;

/** Reason codes from here on are failures. */
const firstRefusal = 0x80;
const noMatchingSubscribers = 0x10;
const packetTooLarge = 0x95;
const quotaExceeded = 0x97;

/** Begins to connect. Never throws: what goes wrong is told by `ended`. */
export function openConnection(options: ConnectionOptions): Connection {
  const { carrier, clock, timings } = options;
  const { promise: ended, resolve } = Promise.withResolvers<ConnectionEnd | null>();
  const closed = new DisposableStack();
  let state: State = { phase: "connecting" };
  let finishing = false;
  /** A deadline for each message on its way. */
  const awaited = new Set<Disposable>();

  let client: MqttClient;
  try {
    client = connect(clientOptions(options));
  } catch (error) {
    const trouble = linkTrouble("broker-unreachable", toFault(error));
    resolve({ kind: "unreachable", reasonCode: null, ...trouble, upMs: 0 });
    return { ended, wake() {}, finish() {} };
  }

  const watch = watchPackets(largestInboundBytes);
  // Before the library's own listener, which stops at what is no MQTT in words that help no one.
  client.stream.prependListener("data", (chunk: Buffer) => {
    const misconduct = state.phase === "closing" ? null : watch(chunk);
    if (misconduct !== null) accuse(misconduct);
  });
  client.on("connect", ({ properties }) => {
    if (properties?.receiveMaximum === 0) {
      accuse("takes-nothing");
      return;
    }
    const limits = {
      window: Math.min(windowSize, properties?.receiveMaximum ?? windowSize),
      packetBytes: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    };
    state = { phase: "open", sinceMs: clock.monotonicMs(), limits };
    carrier.connected();
    pump();
    subscribe();
  });
  client.on("message", (topic, payload, { retain }) => {
    if (state.phase !== "closing") carrier.received({ topic, payload, retain });
  });
  // The library knows no difference between a PUBACK and this one.
  client.on("packetreceive", (packet) => {
    if (packet.cmd === "puback" && packet.reasonCode === noMatchingSubscribers) carrier.unheard();
  });
  client.on("disconnect", ({ reasonCode }) => breakOff(reasonCode ?? null, new Error("the broker ended it")));
  client.on("error", (error) => breakOff(reasonCodeOf(error), error));
  client.on("close", () => {
    breakOff(null, new Error("the connection ended without a word"));
    closed.dispose();
    for (const deadline of awaited) deadline[Symbol.dispose]();
    resolve(state.phase === "closing" ? state.end : null);
  });

  /** Ends the connection for a cause; only the first counts. */
  function breakOff(reasonCode: number | null, error: Error): void {
    const kind = state.phase === "open" ? "lost" : reasonCode === null ? "unreachable" : "refused";
    const code = `broker-${kind}` as const;
    const trouble =
      reasonCode === null
        ? linkTrouble(code, error)
        : {
            fault: kind === "refused" ? refusedConnection(reasonCode) : reasonFault(code, reasonCode),
            meaning: reasonClass(reasonCode),
          };
    conclude(kind, reasonCode, trouble);
  }

  /** Ends the connection because the broker does not keep to MQTT. */
  function accuse(offence: Offence): void {
    const fault = offenceFault(state.phase === "open" ? "broker-lost" : "broker-unreachable", offence);
    conclude("faulty", null, { fault, meaning: "network" });
  }

  function conclude(
    kind: ConnectionEnd["kind"],
    reasonCode: number | null,
    trouble: { readonly fault: Fault; readonly meaning: EndClass },
  ): void {
    if (state.phase === "closing") return;
    const upMs = state.phase === "open" ? clock.monotonicMs() - state.sinceMs : 0;
    state = { phase: "closing", end: { kind, reasonCode, ...trouble, upMs } };
    client.stream.destroy();
  }

  function pump(): void {
    while (state.phase === "open" && awaited.size < state.limits.window) {
      const next = carrier.take();
      if (next === null) break;
      send(next, state.limits);
    }
    if (finishing && state.phase === "open" && awaited.size === 0) {
      state = { phase: "closing", end: null };
      client.end(false);
    }
  }

  function send(message: Outgoing, limits: Limits): void {
    if (Buffer.byteLength(message.payload) + message.topic.length * 3 + overheadBytes > limits.packetBytes) {
      carrier.answered(message.id, refusal(packetTooLarge));
      return;
    }
    const deadline = clock.after(timings.acknowledgeTimeoutMs, () => accuse("no-puback"));
    awaited.add(deadline);
    const properties = message.expirySeconds === null ? {} : { messageExpiryInterval: message.expirySeconds };
    const { qos, retain } = message;
    client.publish(message.topic, message.payload, { qos, retain, properties }, (error) => {
      deadline[Symbol.dispose]();
      awaited.delete(deadline);
      const failed = error ? reasonCodeOf(error) : null;
      if (failed === quotaExceeded) {
        breakOff(failed, new Error("quota exceeded"));
      } else if (failed !== null) {
        carrier.answered(message.id, refusal(failed));
      } else if (!error) {
        carrier.answered(message.id, { result: "delivered" });
      }
      pump();
    });
  }

  function subscribe(): void {
    if (state.phase !== "open" || carrier.subscriptions.length === 0) return;
    // `rap`: whoever publishes a command with retain is to be noticed at once (MQTT 5; 3.1.1 cannot tell).
    client.subscribe([...carrier.subscriptions], { qos: 1, rap: true }, (error, _granted, packet) => {
      if (state.phase !== "open") return;
      // The library's error has the broker's answer beside it, not in it.
      const reasonCode = packet?.granted.map(Number).find((code) => code >= firstRefusal);
      if (reasonCode !== undefined) {
        carrier.subscribed({ reasonCode, fault: reasonFault("broker-refused", reasonCode) });
      } else if (error === null) carrier.subscribed(null);
    });
  }

  function finish(timeoutMs: number): void {
    if (finishing) return;
    finishing = true;
    closed.use(
      clock.after(timeoutMs, () => {
        if (state.phase !== "closing") state = { phase: "closing", end: null };
        client.stream.destroy();
      }),
    );
    pump();
  }

  return { ended, wake: pump, finish };
}

function refusal(reasonCode: number): Answer {
  return { result: "refused", reasonCode, fault: reasonFault("broker-refused", reasonCode) };
}

function reasonCodeOf(error: Error): number | null {
  return "code" in error && typeof error.code === "number" ? error.code : null;
}

function clientOptions({ access, clientId, will, timings }: ConnectionOptions): IClientOptions {
  const { tls, host, port } = brokerAddress(access.url);
  const version5 = access.protocol === 5;
  const { user, password, ca, cert, key } = access;
  return {
    protocol: tls ? "mqtts" : "mqtt",
    host,
    port,
    clientId,
    clean: false,
    keepalive: keepaliveSeconds,
    connectTimeout: timings.connectTimeoutMs,
    reconnectPeriod: 0,
    protocolVersion: access.protocol,
    // Otherwise the library makes a buffer for each of 65,536 numbers beforehand: seven megabytes.
    writeCache: false,
    will: {
      topic: will.topic,
      payload: Buffer.from(will.payload),
      qos: 1,
      retain: true,
      ...(version5 && { properties: { willDelayInterval: timings.willDelaySeconds } }),
    },
    ...(version5 && {
      properties: {
        sessionExpiryInterval: sessionExpirySeconds,
        receiveMaximum: windowSize,
        maximumPacketSize: largestInboundBytes,
      },
    }),
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}
