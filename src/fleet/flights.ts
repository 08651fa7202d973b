import type { Answer, Outgoing } from "./broker.ts";
import { errorCodeOf } from "./broker-faults.ts";
import type { ConnectionEnd } from "./broker-policy.ts";
import type { Entry, Message, Opening } from "./outbox.ts";
import { type Blame, goesAlone } from "./suspicion.ts";

interface Flight {
  readonly message: Message;
  readonly alone: boolean;
  readonly order: number;
  readonly sentAtMs: number;
}

/** Longer ago, an acknowledgement says little of the connection as it is now: what lies between may have forgotten it. */
const freshMs = 5_000;
/** A broker that hangs up because of a message does so about as soon as it would have acknowledged it. */
const soonMs = 5_000;

/** A broker's words that are about no message: it goes away, moves, or has heard nothing; another client came; too many. */
const aboutNone: ReadonlySet<number> = new Set([0x8b, 0x8d, 0x8e, 0x98, 0x9c, 0x9d, 0x9f, 0xa0]);
/** Words that may be about one for good. Quotas and rates are not among them: a later time brings others. */
const aboutMessages: ReadonlySet<number> = new Set([0x80, 0x81, 0x82, 0x83, 0x87, 0x90, 0x94, 0x95, 0x99, 0x9a, 0x9b]);
/** Of a socket that the other side closed, in order or not. */
const hangUps: ReadonlySet<string> = new Set(["", "ECONNRESET", "EPIPE"]);

/** What is in flight on the present connection, and whether that has proved to work. */
export class Flights {
  readonly #inFlight = new Map<number, Flight>();
  #order = 0;
  /** The last message at QoS 0: nobody says what became of it until a later one is acknowledged. */
  #unsure = 0;
  /**
   * When the broker last acknowledged a message on this connection; minus infinity where something unsure was sent since;
   * null: it has acknowledged nothing yet.
   */
  #provenAtMs: number | null = null;

  get any(): boolean {
    return this.#inFlight.size > 0;
  }

  /** What may go out now; null: nothing may. */
  opening(nowMs: number): Opening | null {
    for (const { alone } of this.#inFlight.values()) if (alone) return null;
    // What is set aside is tried right after another message was acknowledged, so that its fate says something about it.
    const proven = this.#provenAtMs !== null && nowMs - this.#provenAtMs <= freshMs;
    const mayTry = this.#provenAtMs === null || proven;
    return { quiet: !this.any, asideDueMs: mayTry ? nowMs : Number.NEGATIVE_INFINITY, proven };
  }

  sent({ id, message, suspicion }: Entry, nowMs: number): void {
    this.#order += 1;
    this.#inFlight.set(id, { message, alone: goesAlone(suspicion), order: this.#order, sentAtMs: nowMs });
    if (message.delivery.keep !== "now") return;
    this.#unsure = this.#order;
    if (this.#provenAtMs !== null) this.#provenAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Gives the message that the answer is about; null: there is none. */
  answered(id: number, answer: Answer, nowMs: number): Message | null {
    const flight = this.#inFlight.get(id);
    if (flight === undefined) return null;
    this.#inFlight.delete(id);
    // A refusal may be our own: the broker takes no message of that size.
    if (answer.result === "delivered" && flight.message.delivery.keep !== "now") {
      if (flight.order > this.#unsure) this.#provenAtMs = nowMs;
      else this.#provenAtMs ??= Number.NEGATIVE_INFINITY;
    }
    return flight.message;
  }

  /** What the end of the connection says of what was in flight. */
  blame(end: ConnectionEnd, stableMs: number, nowMs: number): Blame {
    const stable = end.upMs >= stableMs;
    const [only, ...others] = this.#inFlight.values();
    if (only === undefined) return stable ? "none" : "bad-way";
    if (end.reasonCode !== null && aboutNone.has(end.reasonCode)) return "none";
    if (others.length > 0) return "shared";
    if (this.#provenAtMs === null) return "unproven";
    const soon = nowMs - only.sentAtMs <= soonMs;
    const fresh = only.sentAtMs - this.#provenAtMs <= freshMs;
    return stable && soon && fresh && isHangUp(end) ? "plain" : "likely";
  }

  /** There is no connection any more. */
  clear(): void {
    this.#inFlight.clear();
    this.#unsure = this.#order;
    this.#provenAtMs = null;
  }
}

/** Whether the broker may have ended the connection because of a message. */
function isHangUp({ kind, reasonCode, fault }: ConnectionEnd): boolean {
  if (kind !== "lost") return false;
  return reasonCode === null ? hangUps.has(errorCodeOf(fault.cause)) : aboutMessages.has(reasonCode);
}

/** The entry, ready for the wire. */
export function outgoing({ id, message, late }: Entry): Outgoing {
  const payload = late && "replayed" in message.payload ? { ...message.payload, replayed: true } : message.payload;
  const { retain, expirySeconds, keep } = message.delivery;
  const qos = keep === "now" ? 0 : 1;
  return { id, topic: message.topic, payload: JSON.stringify(payload), qos, retain, expirySeconds };
}
