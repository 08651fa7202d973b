import { type Clock, pause } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Carrier, Connection, Will } from "./broker.ts";
import type { BrokerAccess } from "./broker-access.ts";
import { afterEnd, type BrokerTimings, type ConnectionEnd, type EndClass, newHistory } from "./broker-policy.ts";

/** What the link needs of its owner: a carrier for each connection, and an ear for its end. */
export interface LinkOwner extends Carrier {
  /** The will of a connection that is about to be tried. */
  nextWill(): Will;
  /** Whether messages are on their way, or were when the connection ended. */
  inFlight(): boolean;
  /** The connection, or the try, is over; the next one follows after `retryInMs`. */
  failed(end: ConnectionEnd, meaning: EndClass, retryInMs: number): void;
  /** The connection is over because the link was stopped; none follows. */
  stopped(): void;
}

export interface LinkOptions {
  readonly access: BrokerAccess;
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: BrokerTimings;
}

/** A connection to the broker that is made again whenever it ends. */
export interface Link {
  /** Something waits to be sent. */
  wake(): void;
  /** Sends what waits if there is a connection, or one is being made; resolves when nothing is left. Repeatable. */
  stop(): Promise<void>;
}

/** Connects at once, and after each end with back-off and jitter, until it is stopped. Never throws. */
export function startLink(options: LinkOptions, owner: LinkOwner): Link {
  const { access, clientId, clock, random, timings } = options;
  const stopping = new AbortController();
  let connection: Connection | null = null;

  async function run(): Promise<void> {
    // Six megabytes that a device without a broker does without.
    const { openConnection } = await import("./broker.ts");
    let history = newHistory;
    let clean = false;
    while (!stopping.signal.aborted) {
      connection = openConnection({ access, clientId, will: owner.nextWill(), clean, carrier: owner, clock, timings });
      const end = await connection.ended;
      connection = null;
      if (end === null || stopping.signal.aborted) break;
      const retry = afterEnd(timings, history, end, owner.inFlight(), random);
      history = retry.history;
      // In the session as it is, the broker would send the same again, at each connection.
      clean = end.kind === "overfed";
      owner.failed(end, retry.class, retry.retryInMs);
      await pause(clock, retry.retryInMs, stopping.signal);
    }
    owner.stopped();
  }

  const running = run();
  return {
    wake: () => connection?.wake(),
    stop() {
      stopping.abort();
      connection?.finish(timings.stopTimeoutMs);
      return running;
    },
  };
}
