import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Answer, Outgoing, Will } from "./broker.ts";
import { type BrokerAccess, sendsSecretsInClear } from "./broker-access.ts";
import type { Incoming } from "./broker-line.ts";
import { type BrokerTimings, reasonClass } from "./broker-policy.ts";
import type { BrokerTrouble } from "./broker-trouble.ts";
import { Flights, outgoing } from "./flights.ts";
import { startLink } from "./link.ts";
import { openLosses } from "./losses.ts";
import {
  disconnected,
  emptyOutbox,
  giveUp,
  type Message,
  type Outbox,
  put,
  putFirst,
  recalled,
  setAside,
  settle,
  take,
} from "./outbox.ts";
import type { OutboxFile } from "./outbox-file.ts";
import { kindOf, noneRefused, withRefused, withTaken } from "./refused-kinds.ts";
import type { Blame } from "./suspicion.ts";

export interface PublisherOptions {
  readonly access: BrokerAccess;
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: BrokerTimings;
  readonly logger: Logger;
  /** Where what waits survives a restart; null: nowhere. */
  readonly file: OutboxFile | null;
  /** What waited at the restart, oldest first. */
  readonly restored: readonly Message[];
  /** Topics that the device listens to. */
  readonly subscriptions: readonly string[];
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
  /** It takes every topic again that it had refused, or the subscriptions. */
  accepted(origin: "topics" | "subscriptions"): void;
  received(message: Incoming): void;
}

/** What became of messages since the start. */
export interface DeliveryCounts {
  readonly waiting: number;
  /** Gave way because too many waited, was refused for good, or was given up because connections ended with it. */
  readonly dropped: number;
  /** The broker said that nobody subscribes to them (MQTT 5, reason code 0x10). */
  readonly unheard: number;
  readonly reconnects: number;
}

/** Delivers messages whenever there is a broker: the outbox and the link together. */
export interface Publisher {
  publish(message: Message): void;
  isConnected(): boolean;
  counts(): DeliveryCounts;
  /** Tries for a moment to deliver what is left, then lets go of the broker. Repeatable. */
  stop(): Promise<void>;
}

export function startPublisher(options: PublisherOptions, owner: PublisherOwner): Publisher {
  const { access, clock, logger, file } = options;
  let outbox = options.restored.reduce<Outbox>((all, message) => put(all, message, false), emptyOutbox);
  let connected = false;
  let connections = 0;
  let unheard = 0;
  const flights = new Flights();
  const losses = openLosses(logger);
  /** The kinds of topics that the broker does not take of this device. */
  let refused = noneRefused;
  file?.follow(outbox.every);

  if (sendsSecretsInClear(access)) {
    logger.warn("the MQTT password goes over the network unencrypted", { hint: "Use mqtts:// in mqtt.url." });
  }

  function change(next: Outbox): void {
    outbox = next;
    file?.follow(outbox.every);
  }

  function birth(): void {
    connected = true;
    connections += 1;
    change(putFirst(outbox, owner.birth()));
    logger.info("connected to the MQTT broker", { waiting: outbox.every.length });
    losses.tellDropped(outbox.dropped);
  }

  function takeNext(): Outgoing | null {
    const nowMs = clock.monotonicMs();
    const opening = flights.opening(nowMs);
    if (opening === null) return null;
    const { next, entry } = take(outbox, opening);
    if (entry === null) return null;
    change(next);
    flights.sent(entry, nowMs);
    return outgoing(entry);
  }

  function answered(id: number, answer: Answer): void {
    const message = flights.answered(id, answer, clock.monotonicMs());
    change(settle(outbox, id));
    // Also where it is the broker that is slow, and not away.
    if (outbox.every.length === 0) losses.tellDropped(outbox.dropped);
    if (message === null) return;
    if (answer.result === "delivered") delivered(message);
    else refusedBy(message, answer.reasonCode, answer.fault);
  }

  function delivered(message: Message): void {
    // At QoS 0 nobody has said that it was taken.
    if (message.delivery.keep !== "now") {
      refused = withTaken(refused, message.topic, clock.monotonicMs());
      if (refused.size === 0) owner.accepted("topics");
    }
    owner.delivered(message);
  }

  function refusedBy({ topic }: Message, reasonCode: number, fault: Fault): void {
    losses.refused(topic, fault.message, !refused.has(kindOf(topic)));
    refused = withRefused(refused, topic, clock.monotonicMs());
    owner.trouble({ origin: "topics", class: reasonClass(reasonCode), reasonCode, fault });
  }

  function disconnect(blame: Blame): void {
    connected = false;
    flights.clear();
    const { next, givenUp } = giveUp(disconnected(outbox, blame, clock.monotonicMs()));
    change(next);
    losses.givenUp(givenUp);
    losses.setAside(setAside(next));
  }

  const link = startLink(options, {
    nextWill: () => owner.nextWill(),
    connected: birth,
    take: takeNext,
    answered,
    unheard: () => {
      unheard += 1;
    },
    subscriptions: options.subscriptions,
    received: (message) => owner.received(message),
    subscribed(refusal) {
      if (refusal === null) return owner.accepted("subscriptions");
      const { reasonCode, fault } = refusal;
      logger.warn("the subscriptions were refused", { error: fault.message });
      owner.trouble({ origin: "subscriptions", class: reasonClass(reasonCode), reasonCode, fault });
    },
    inFlight: () => flights.any,
    failed(end, meaning, retryInMs) {
      const { reasonCode, fault } = end;
      disconnect(flights.blame(end, options.timings.stableMs, clock.monotonicMs()));
      logger.warn(fault.message, { code: fault.code, hint: fault.hint, retryInMs });
      owner.trouble({ origin: "broker", class: meaning, reasonCode, fault });
    },
    stopped() {
      disconnect("none");
      losses.tellDropped(outbox.dropped);
      // What has a latest word, as the state, has it again at the next start.
      const left = outbox.every.length;
      if (left > 0) logger.warn("messages are left undelivered", { left });
    },
  });

  return {
    publish(message) {
      change(put(outbox, message, connected));
      link.wake();
    },
    isConnected: () => connected,
    counts: () => ({
      waiting: outbox.every.length,
      dropped: outbox.dropped + losses.turnedDown,
      unheard,
      reconnects: Math.max(0, connections - 1),
    }),
    async stop() {
      change(recalled(outbox));
      // What is on disk before the broker has had its say is there whatever becomes of the rest of the stop.
      await Promise.all([link.stop(), file?.flush()]);
      await file?.flush();
      file?.close();
    },
  };
}
