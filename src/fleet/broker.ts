import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { BrokerAccess } from "./broker-access.ts";
import { reasonFault } from "./broker-faults.ts";
import { type BrokerLimits, type Incoming, type LineMessage, type LineOptions, openLine } from "./broker-line.ts";
import { type BrokerTimings, type ConnectionEnd, reasonClass } from "./broker-policy.ts";

// A device's connection to the broker. Nothing is handed to the MQTT library while there is no connection, and only a few
// messages at a time while there is one: what waits, waits with the carrier.

/** A message, ready for the wire. QoS 0 counts as delivered as soon as it is written. */
export interface Outgoing extends LineMessage {
  /** The carrier's name for it. */
  readonly id: number;
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
  /** Leaves what the broker has kept for this device. */
  readonly clean: boolean;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly timings: BrokerTimings;
}

/** Messages on their way at once, at most. */
const windowSize = 16;
const sessionExpirySeconds = 3_600;
const keepaliveSeconds = 60;
/** Of an inbound packet. Commands and settings are small. */
const largestInboundBytes = 65_536;
/** Header, topic length, packet id and properties around topic and payload, generously. */
const overheadBytes = 64;

const packetTooLarge = 0x95;

/** Begins to connect. Never throws: what goes wrong is told by `ended`. */
export function openConnection(options: ConnectionOptions): Connection {
  const { carrier, clock, timings } = options;
  const scope = new DisposableStack();
  let limits = { window: windowSize, packetBytes: Number.POSITIVE_INFINITY };
  let finishing = false;
  /** A deadline for each message on its way. */
  const awaited = new Set<Disposable>();

  const line = openLine(
    { ...options, largestPacketBytes: largestInboundBytes, own: ownOptions(options) },
    {
      opened({ receiveMaximum = windowSize, maximumPacketSize }: BrokerLimits) {
        const packetBytes = maximumPacketSize ?? Number.POSITIVE_INFINITY;
        limits = { window: Math.min(windowSize, receiveMaximum), packetBytes };
        carrier.connected();
        pump();
        subscribe();
      },
      received: (message) => carrier.received(message),
      unheard: () => carrier.unheard(),
    },
  );

  function subscribe(): void {
    const filters = carrier.subscriptions;
    if (!line.isOpen || filters.length === 0) return;
    // Whoever publishes a command with retain is to be noticed at once.
    line.subscribe({ filters, qos: 1, marksRetained: true }, (reasonCode) => {
      if (reasonCode === null) carrier.subscribed(null);
      else carrier.subscribed({ reasonCode, fault: reasonFault("broker-refused", reasonCode) });
    });
  }

  function pump(): void {
    while (line.isOpen && awaited.size < limits.window) {
      const next = carrier.take();
      if (next === null) break;
      send(next);
    }
    if (finishing && line.isOpen && awaited.size === 0) line.leave();
  }

  function send(message: Outgoing): void {
    if (Buffer.byteLength(message.payload) + message.topic.length * 3 + overheadBytes > limits.packetBytes) {
      carrier.answered(message.id, refusal(packetTooLarge));
      return;
    }
    const deadline = clock.after(timings.acknowledgeTimeoutMs, () => line.accuse("no-puback"));
    awaited.add(deadline);
    line.publish(message, (error, reasonCode) => {
      deadline[Symbol.dispose]();
      awaited.delete(deadline);
      if (error === null) carrier.answered(message.id, { result: "delivered" });
      // That is no word about the message: it may take it once it is well.
      else if (reasonCode !== null && reasonClass(reasonCode) === "busy") line.breakOff(reasonCode, error);
      else if (reasonCode !== null) carrier.answered(message.id, refusal(reasonCode));
      pump();
    });
  }

  async function over(): Promise<ConnectionEnd | null> {
    const end = await line.ended;
    scope.dispose();
    for (const deadline of awaited) deadline[Symbol.dispose]();
    return end;
  }

  return {
    ended: over(),
    wake: pump,
    finish(timeoutMs) {
      if (finishing) return;
      finishing = true;
      if (!scope.disposed) scope.use(clock.after(timeoutMs, () => line.cut()));
      pump();
    },
  };
}

function refusal(reasonCode: number): Answer {
  return { result: "refused", reasonCode, fault: reasonFault("broker-refused", reasonCode) };
}

function ownOptions({ access, will, clean, timings }: ConnectionOptions): LineOptions["own"] {
  return {
    clean,
    keepalive: keepaliveSeconds,
    will: {
      topic: will.topic,
      payload: Buffer.from(will.payload),
      qos: 1,
      retain: true,
      ...(access.protocol === 5 && { properties: { willDelayInterval: timings.willDelaySeconds } }),
    },
    properties: {
      sessionExpiryInterval: sessionExpirySeconds,
      receiveMaximum: windowSize,
      maximumPacketSize: largestInboundBytes,
    },
  };
}
