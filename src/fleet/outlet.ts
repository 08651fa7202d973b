import type { DiskListener } from "../base/background-writer.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { BrokerAccess } from "./broker-access.ts";
import type { BrokerTimings } from "./broker-policy.ts";
import { restoredMessage } from "./delivery.ts";
import type { Message } from "./outbox.ts";
import { openOutboxFile } from "./outbox-file.ts";
import { type DeliveryCounts, type Publisher, type PublisherOwner, startPublisher } from "./publisher.ts";
import { downTopics, type TopicOwner } from "./topics.ts";

export interface OutletOptions {
  readonly owner: TopicOwner;
  /** null: there is none. */
  readonly broker: BrokerAccess | null;
  /** Where what waits for the broker survives a restart; null: nowhere. */
  readonly file: string | null;
  readonly onDisk: DiskListener;
  readonly timings: BrokerTimings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Where messages go: to whoever looks on in this process, and to the broker. */
export interface Outlet {
  publish(message: Message): void;
  /** Calls `listener` with every message when it is decided, broker or not. Disposing ends that. */
  observe(listener: (message: Message) => void): Disposable;
  isConnected(): boolean;
  counts(): DeliveryCounts;
  /** Connects, where there is a broker; what has been published before goes nowhere. */
  open(owner: PublisherOwner): void;
  /** Tries for a moment to deliver what is left, then lets go of the broker. */
  stop(): Promise<void>;
}

const nothingDelivered: DeliveryCounts = { waiting: 0, dropped: 0, unheard: 0, reconnects: 0 };

export function startOutlet(options: OutletOptions): Outlet {
  const { owner, broker, onDisk, clock, logger } = options;
  const listeners = new Set<(message: Message) => void>();
  let publisher: Publisher | null = null;

  function tell(message: Message): void {
    for (const listener of listeners) listener(message);
  }

  return {
    publish(message) {
      tell(message);
      publisher?.publish(message);
    },
    observe(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    isConnected: () => publisher?.isConnected() ?? false,
    counts: () => publisher?.counts() ?? nothingDelivered,
    open(publisherOwner) {
      if (broker === null) return;
      const file = options.file === null ? null : openOutboxFile(options.file, clock, logger, onDisk);
      const restored = (file?.restored ?? []).flatMap(
        ({ topic, payload }) => restoredMessage(owner, topic, payload) ?? [],
      );
      const { random, timings } = options;
      const link = { access: broker, clientId: owner.device, clock, random, timings, logger };
      publisher = startPublisher(
        { ...link, file, restored, subscriptions: downTopics(owner) },
        {
          ...publisherOwner,
          birth() {
            const messages = publisherOwner.birth();
            for (const message of messages) tell(message);
            return messages;
          },
        },
      );
    },
    stop: async () => publisher?.stop(),
  };
}
