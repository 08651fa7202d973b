import { type Clock, pause } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Random } from "../base/random.ts";
import type { BrokerAccess } from "../fleet/broker-access.ts";
import { type Line, openLine } from "../fleet/broker-line.ts";
import { afterEnd, type BrokerTimings, type ConnectionEnd, newHistory } from "../fleet/broker-policy.ts";
import { Snapshot } from "./snapshot.ts";

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
const own = { clean: true, keepalive: 30, properties: { receiveMaximum, maximumPacketSize: largestPacketBytes } };

/** Connects at once. Never throws. */
export function startFeed(options: FeedOptions, listener: FeedListener): Feed {
  const { clock, random, timings } = options;
  const stopping = new AbortController();
  let line: Line | null = null;

  async function run(): Promise<void> {
    let history = newHistory;
    while (!stopping.signal.aborted) {
      const end = await attend();
      if (end === null || stopping.signal.aborted) return;
      const retry = afterEnd(timings, history, end, false, random);
      history = retry.history;
      listener.lost(end.fault, retry.retryInMs);
      await pause(clock, retry.retryInMs, stopping.signal);
    }
  }

  /** One connection, from its first packet to its end. */
  async function attend(): Promise<ConnectionEnd | null> {
    const open: Line = openLine(
      { ...options, largestPacketBytes, own },
      {
        opened: () => snapshot.begin(),
        received({ topic, payload, retain }) {
          if (retain) snapshot.keptCame();
          // What is larger than any device's message is none.
          if (payload !== null) listener.received(topic, payload);
        },
      },
    );
    using snapshot = new Snapshot(open, clock, listener);
    line = open;
    const end = await open.ended;
    line = null;
    return end;
  }

  async function leave(): Promise<void> {
    stopping.abort();
    using _late = clock.after(timings.stopTimeoutMs, () => line?.cut());
    if (line?.isOpen === true) line.leave();
    else line?.cut();
    await running;
  }

  const running = run();
  return {
    async publish(topic, payload, expirySeconds) {
      if (line?.isOpen !== true) throw new Fault("broker-unreachable", "there is no connection to the MQTT broker");
      const answer = Promise.withResolvers<void>();
      const refuse = (why: string) => {
        answer.reject(new Fault("broker-refused", `the broker did not take the command: ${why}`));
      };
      using _late = clock.after(timings.acknowledgeTimeoutMs, () => refuse("it did not acknowledge it"));
      line.publish({ topic, payload, qos: 1, retain: false, expirySeconds }, (error) => {
        if (error === null) answer.resolve();
        else refuse(error.message);
      });
      await answer.promise;
    },
    stop: leave,
  };
}
