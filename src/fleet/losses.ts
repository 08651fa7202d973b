import type { Logger } from "../base/logger.ts";
import type { Entry } from "./outbox.ts";

/** Counts and tells which messages are not delivered, or not in their turn. */
export interface Losses {
  /** Refused for good, or given up. */
  readonly turnedDown: number;
  /** Tells of what has given way because too many waited, if that is news. */
  tellDropped(dropped: number): void;
  /** @param isNews whether it is the first of its kind */
  refused(topic: string, error: string, isNews: boolean): void;
  givenUp(entries: readonly Entry[]): void;
  /** Tells of which topics some are set aside, if that is news. */
  setAside(entries: readonly Entry[]): void;
}

const hangsUp = "connections to the MQTT broker end when it is sent";
const hint = "Look in the broker's log: its limit of a message's size, or its access list, may be in the way.";

export function openLosses(logger: Logger): Losses {
  let turnedDown = 0;
  let toldDropped = 0;
  let toldAside: readonly string[] = [];

  return {
    get turnedDown() {
      return turnedDown;
    },
    tellDropped(dropped) {
      if (dropped === toldDropped) return;
      logger.warn("messages were lost: more waited for the MQTT broker than are kept", {
        lost: dropped - toldDropped,
        hint: "Look at the broker and the way to it: it was away for too long, or takes messages more slowly than they come.",
      });
      toldDropped = dropped;
    },
    refused(topic, error, isNews) {
      turnedDown += 1;
      // One line a kind: a broker that refuses one message of it refuses them all.
      if (isNews) logger.warn("a message was refused", { topic, error });
    },
    givenUp(entries) {
      turnedDown += entries.length;
      for (const { message, bytes } of entries) {
        logger.warn(`a message was given up: ${hangsUp}`, { topic: message.topic, bytes, hint });
      }
    },
    setAside(entries) {
      const known = toldAside;
      toldAside = entries.map(({ message }) => message.topic);
      for (const [index, { message, bytes }] of entries.entries()) {
        const { topic } = message;
        if (known.includes(topic) || toldAside.indexOf(topic) !== index) continue;
        logger.warn(`a message is sent after all others, and rarely: ${hangsUp}`, { topic, bytes, hint });
      }
    },
  };
}
