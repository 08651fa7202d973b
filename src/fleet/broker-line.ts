import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { Clock } from "../base/clock.ts";
import { type Fault, toFault } from "../base/fault.ts";
import { type BrokerAccess, brokerAddress } from "./broker-access.ts";
import { linkTrouble, type Offence, offenceFault, reasonFault, refusedConnection } from "./broker-faults.ts";
import { type BrokerTimings, type ConnectionEnd, type EndClass, reasonClass } from "./broker-policy.ts";
import { type CutMessage, watchPackets } from "./packet-guard.ts";

// One connection to a broker, whoever has it, from its first packet to its end: the MQTT library and its ways. Its own
// reconnect and its store, which has no bound, are not used.

// Small buffers are cut from a common piece of memory, and one of them holds all of it. The library keeps one for each length of
// message that it has ever sent: at 64 KiB a piece, Node's own measure, and even at 8, that is a leak.
// The price: each message to the service has memory of its own.
Buffer.poolSize = 512;

/** A message on its way to the broker. */
export interface LineMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5 only; null: never. */
  readonly expirySeconds: number | null;
}

export interface Subscription {
  readonly filters: readonly string[];
  readonly qos: 0 | 1;
  /** What is published with retain keeps that mark, also while one listens (MQTT 5; 3.1.1 cannot). Default: no. */
  readonly marksRetained?: boolean;
}

/** A message from the broker. */
export interface Incoming {
  readonly topic: string;
  /** null: it was larger than is taken, and was thrown away. */
  readonly payload: Uint8Array | null;
  /** The broker keeps it: it may be old. */
  readonly retain: boolean;
}

/** What the broker takes, by its CONNACK; undefined: it does not say. */
export interface BrokerLimits {
  readonly receiveMaximum?: number | undefined;
  readonly maximumPacketSize?: number | undefined;
}

export interface LineListener {
  /** The broker has accepted the connection. */
  opened(limits: BrokerLimits): void;
  received(message: Incoming): void;
  /** The broker took a message that nobody subscribes to (MQTT 5). */
  unheard?(): void;
}

export interface LineOptions {
  readonly access: BrokerAccess;
  readonly clientId: string;
  readonly clock: Clock;
  readonly timings: BrokerTimings;
  /** Larger packets are not waited for. */
  readonly largestPacketBytes: number;
  /** What is this connection's own: session, will, keepalive. */
  readonly own: Pick<IClientOptions, "clean" | "keepalive" | "will" | "properties">;
}

export interface Line {
  /** Resolves when the connection is over and nothing is left of it; null: it ended because it was to. */
  readonly ended: Promise<ConnectionEnd | null>;
  readonly isOpen: boolean;
  /** @param answered an error where the broker did not take it, with its reason code where it gave one */
  publish(message: LineMessage, answered: (error: Error | null, reasonCode: number | null) => void): void;
  /** @param answered the first refusal; null: it takes them all. Not called when the connection ends first. */
  subscribe(wanted: Subscription, answered: (reasonCode: number | null) => void): void;
  /** Ends it for a cause; only the first counts. */
  breakOff(reasonCode: number | null, error: Error): void;
  /** Ends it because the broker does not keep to MQTT. */
  accuse(offence: Offence): void;
  /** Ends it with a goodbye. */
  leave(): void;
  /** Ends it without. */
  cut(): void;
}

type State =
  | { readonly phase: "connecting" }
  | { readonly phase: "open"; readonly sinceMs: number }
  /** Only the socket's end is awaited. */
  | { readonly phase: "closing"; readonly end: ConnectionEnd | null };

/**
 * Of a message that is thrown away as it comes (MQTT 3.1.1). Behind a larger one, on a line that is not fast, the broker's
 * acknowledgements would come too late.
 */
const largestCutBytes = 4 * 1024 * 1024;

/** Reason codes from here on are failures. */
const firstRefusal = 0x80;
const noMatchingSubscribers = 0x10;

/** Begins to connect. Never throws: what goes wrong is told by `ended`. */
export function openLine(options: LineOptions, listener: LineListener): Line {
  const { clock, timings } = options;
  const { promise: ended, resolve } = Promise.withResolvers<ConnectionEnd | null>();
  let state: State = { phase: "connecting" };
  /** A deadline for each subscription that is not answered yet. */
  const awaited = new Set<Disposable>();

  let client: MqttClient;
  try {
    client = connect(clientOptions(options));
  } catch (error) {
    const trouble = linkTrouble("broker-unreachable", toFault(error));
    resolve({ kind: "unreachable", reasonCode: null, ...trouble, upMs: 0 });
    return stillborn(ended);
  }

  const watch = watchPackets({
    packetBytes: options.largestPacketBytes,
    // With MQTT 5 the broker has been told what is taken, and keeps what is larger to itself.
    messageBytes: options.access.protocol === 5 ? 0 : largestCutBytes,
  });
  /** Messages that were cut, of which the library has not told yet. */
  const cut: CutMessage[] = [];
  // Between the socket and the library, which collects all that is announced, and stops at what is no MQTT in words that
  // help no one.
  const readers = client.stream.listeners("data");
  client.stream.removeAllListeners("data");
  client.stream.on("data", (chunk: Buffer) => {
    const found = watch(chunk);
    if (typeof found === "string") return accuse(found);
    cut.push(...found.cut);
    if (found.bytes.length > 0) for (const read of readers) read.call(client.stream, found.bytes);
  });
  client.on("connect", ({ properties }) => {
    if (properties?.receiveMaximum === 0) return accuse("takes-nothing");
    state = { phase: "open", sinceMs: clock.monotonicMs() };
    listener.opened({ ...properties });
  });
  client.on("message", (topic, payload, { retain }) => {
    if (state.phase === "closing") return;
    // Only what was cut has no topic any more.
    if (topic !== "") return listener.received({ topic, payload, retain });
    const message = cut.shift();
    if (message !== undefined) listener.received({ ...message, payload: null });
  });
  // The library knows no difference between a PUBACK and this one.
  client.on("packetreceive", (packet) => {
    if (packet.cmd === "puback" && packet.reasonCode === noMatchingSubscribers) listener.unheard?.();
  });
  client.on("disconnect", ({ reasonCode }) => breakOff(reasonCode ?? null, new Error("the broker ended it")));
  client.on("error", (error) => breakOff(reasonCodeOf(error), error));
  client.on("close", () => {
    breakOff(null, new Error("the connection ended without a word"));
    for (const deadline of awaited) deadline[Symbol.dispose]();
    resolve(state.phase === "closing" ? state.end : null);
  });

  function breakOff(reasonCode: number | null, error: Error): void {
    const kind = state.phase === "open" ? "lost" : reasonCode === null ? "unreachable" : "refused";
    const code = `broker-${kind}` as const;
    if (reasonCode === null) return conclude(kind, null, linkTrouble(code, error));
    const fault = kind === "refused" ? refusedConnection(reasonCode) : reasonFault(code, reasonCode);
    conclude(kind, reasonCode, { fault, meaning: reasonClass(reasonCode) });
  }

  function accuse(offence: Offence): void {
    const fault = offenceFault(state.phase === "open" ? "broker-lost" : "broker-unreachable", offence);
    conclude(offence === "too-large" ? "overfed" : "faulty", null, { fault, meaning: "network" });
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

  return {
    ended,
    get isOpen() {
      return state.phase === "open";
    },
    publish({ topic, payload, qos, retain, expirySeconds }, answered) {
      const properties = expirySeconds === null ? {} : { messageExpiryInterval: expirySeconds };
      client.publish(topic, payload, { qos, retain, properties }, (error) =>
        answered(error ?? null, error ? reasonCodeOf(error) : null),
      );
    },
    subscribe({ filters, qos, marksRetained = false }, answered) {
      // Without an answer nothing would come, and nobody would know why.
      const deadline = clock.after(timings.acknowledgeTimeoutMs, () => accuse("no-suback"));
      awaited.add(deadline);
      client.subscribe([...filters], { qos, rap: marksRetained }, (error, _granted, packet) => {
        deadline[Symbol.dispose]();
        awaited.delete(deadline);
        if (state.phase !== "open") return;
        // The library's error has the broker's answer beside it, not in it.
        const refusal = packet?.granted.map(Number).find((code) => code >= firstRefusal);
        if (refusal !== undefined || error === null) answered(refusal ?? null);
      });
    },
    breakOff,
    accuse,
    leave() {
      if (state.phase !== "closing") state = { phase: "closing", end: null };
      client.end(false);
    },
    cut() {
      if (state.phase !== "closing") state = { phase: "closing", end: null };
      client.stream.destroy();
    },
  };
}

function stillborn(ended: Line["ended"]): Line {
  return { ended, isOpen: false, publish() {}, subscribe() {}, breakOff() {}, accuse() {}, leave() {}, cut() {} };
}

function reasonCodeOf(error: Error): number | null {
  return "code" in error && typeof error.code === "number" ? error.code : null;
}

function clientOptions({ access, clientId, timings, own }: LineOptions): IClientOptions {
  return {
    ...accessOptions(access),
    clientId,
    connectTimeout: timings.connectTimeoutMs,
    reconnectPeriod: 0,
    // Otherwise the library makes a buffer for each of 65,536 numbers beforehand: seven megabytes.
    writeCache: false,
    clean: own.clean ?? true,
    ...(own.keepalive !== undefined && { keepalive: own.keepalive }),
    ...(own.will !== undefined && { will: own.will }),
    ...(access.protocol === 5 && own.properties !== undefined && { properties: own.properties }),
  };
}

/** Where the broker is, and who we are to it. */
function accessOptions(access: BrokerAccess): IClientOptions {
  const { tls, host, port } = brokerAddress(access.url);
  const { user, password, ca, cert, key } = access;
  return {
    protocol: tls ? "mqtts" : "mqtt",
    host,
    port,
    protocolVersion: access.protocol,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}
