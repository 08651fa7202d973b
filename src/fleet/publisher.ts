import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Answer, Outgoing, Will } from "./broker.ts";
import { type BrokerAccess, sendsSecretsInClear } from "./broker-access.ts";
import { type BrokerTimings, reasonClass } from "./broker-policy.ts";
import type { BrokerTrouble } from "./diagnosis.ts";
import { startLink } from "./link.ts";
import { disconnected, type Entry, emptyOutbox, isEmpty, type Message, put, putFirst, settle, take } from "./outbox.ts";

export interface PublisherOptions {
  readonly access: BrokerAccess;
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: BrokerTimings;
  readonly logger: Logger;
}

/** What the publisher asks and tells its owner. */
export interface PublisherOwner {
  /** A connection is about to be tried: the will to give to the broker with it. */
  nextWill(): Will;
  /** What a new connection begins with, in this order. */
  birth(): readonly Message[];
  /** The broker has acknowledged a message. */
  delivered(message: Message): void;
  /** The broker cannot be reached, or refuses something. */
  trouble(trouble: BrokerTrouble): void;
}

/** Delivers messages whenever there is a broker: the outbox and the link together. */
export interface Publisher {
  publish(message: Message): void;
  isConnected(): boolean;
  /** Tries for a moment to deliver what is left, then lets go of the broker. Repeatable. */
  stop(): Promise<void>;
}

export function startPublisher(options: PublisherOptions, owner: PublisherOwner): Publisher {
  const { access, logger } = options;
  let outbox = emptyOutbox;
  let connected = false;
  let toldDropped = 0;
  let refused = 0;
  const onTheWay = new Map<number, Message>();

  if (sendsSecretsInClear(access)) {
    logger.warn("the MQTT password goes over the network unencrypted", { hint: "Use mqtts:// in mqtt.url." });
  }

  function birth(): void {
    connected = true;
    refused = 0;
    outbox = putFirst(outbox, owner.birth());
    logger.info("connected to the MQTT broker", { waiting: outbox.every.length });
    if (outbox.dropped > toldDropped) {
      logger.warn("messages were lost while the MQTT broker was away", { lost: outbox.dropped - toldDropped });
      toldDropped = outbox.dropped;
    }
  }

  function takeNext(): Outgoing | null {
    const { next, entry } = take(outbox);
    outbox = next;
    if (entry === null) return null;
    onTheWay.set(entry.id, entry.message);
    return outgoing(entry);
  }

  function answered(id: number, answer: Answer): void {
    const message = onTheWay.get(id);
    onTheWay.delete(id);
    outbox = settle(outbox, id);
    if (message === undefined) return;
    if (answer.result === "delivered") {
      owner.delivered(message);
      return;
    }
    refused += 1;
    // One line a connection: a broker that refuses one message mostly refuses them all.
    if (refused === 1) logger.warn("a message was refused", { topic: message.topic, error: answer.fault.message });
    const { reasonCode, fault } = answer;
    owner.trouble({ class: reasonClass(reasonCode), reasonCode, fault });
  }

  function disconnect(): void {
    connected = false;
    onTheWay.clear();
    outbox = disconnected(outbox);
  }

  const link = startLink(options, {
    nextWill: () => owner.nextWill(),
    connected: birth,
    take: takeNext,
    answered,
    failed({ reasonCode, fault }, meaning, retryInMs) {
      disconnect();
      logger.warn(fault.message, { code: fault.code, hint: fault.hint, retry_in_ms: retryInMs });
      owner.trouble({ class: meaning, reasonCode, fault });
    },
    stopped() {
      disconnect();
      if (!isEmpty(outbox)) logger.warn("messages are left undelivered", { left: outbox.every.length });
    },
  });

  return {
    publish(message) {
      outbox = put(outbox, message, connected);
      link.wake();
    },
    isConnected: () => connected,
    stop: () => link.stop(),
  };
}

function outgoing({ id, message, late }: Entry): Outgoing {
  const payload = late && "replayed" in message.payload ? { ...message.payload, replayed: true } : message.payload;
  const { retain, expirySeconds } = message.delivery;
  return { id, topic: message.topic, payload: JSON.stringify(payload), retain, expirySeconds };
}
