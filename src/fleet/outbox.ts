import type { Payload } from "./schema.ts";
import {
  type Blame,
  goesAlone,
  isGuilty,
  type Suspicion,
  suspectedFromTheStart,
  suspicionOfOthers,
  suspicionOfSent,
  unsuspected,
} from "./suspicion.ts";

// What is still to be delivered: bounded, whatever the broker does, and counting what it loses. Pure.

/** How a message is delivered: at QoS 1, but for what is worth nothing later. */
export interface Delivery {
  readonly retain: boolean;
  /** After this a broker forgets it (MQTT 5 only); null: never. */
  readonly expirySeconds: number | null;
  /**
   * `every`: each is an occurrence. `latest`: a newer message of the topic replaces this one.
   * `now`: the same, at QoS 0, and only while there is a connection.
   */
  readonly keep: "latest" | "every" | "now";
  /** Of `every`: no more than so many of those with a quota wait; beyond it they push out one another. Default: none. */
  readonly quota?: number;
  /** Of `every`: gives way before all that is not. */
  readonly expendable?: true;
}

export interface Message {
  readonly topic: string;
  readonly payload: Payload;
  readonly delivery: Delivery;
}

export interface Entry {
  /** Of this outbox, never given twice. */
  readonly id: number;
  readonly message: Message;
  /** Sent on the present connection, not yet acknowledged. */
  readonly sent: boolean;
  /** Did not get through on the connection there was (if any) when it happened. */
  readonly late: boolean;
  readonly bytes: number;
  readonly suspicion: Suspicion;
}

/** What may go out. */
export interface Opening {
  /** Nothing is in flight. */
  readonly quiet: boolean;
  /** What is set aside may be tried if it was due by then, monotonic; minus infinity: not now. */
  readonly asideDueMs: number;
  /** The broker has just acknowledged something on this connection. */
  readonly proven: boolean;
}

export interface Outbox {
  /** One entry a topic, in the order they are to be sent. */
  readonly latest: readonly Entry[];
  /** Oldest first. */
  readonly every: readonly Entry[];
  readonly lastId: number;
  /** Messages that fell out, oldest first, because too many waited. */
  readonly dropped: number;
}

export interface OutboxLimits {
  readonly entries: number;
  /** Of all payloads together, as UTF-16 units of JSON. */
  readonly bytes: number;
}

/** Hours of trouble at the pace of a well-behaved back-off, and next to nothing of a small machine's memory. */
const outboxLimits: OutboxLimits = { entries: 1_000, bytes: 1_000_000 };

export const emptyOutbox: Outbox = { latest: [], every: [], lastId: 0, dropped: 0 };

/**
 * Adds a message. Of what is kept `every`, the oldest give way until the limits hold: those that wait before those
 * that are on their way. What is kept `latest` is bounded by the number of topics.
 *
 * @param connected whether there is a connection to take it at once; without one it will be late
 */
export function put(outbox: Outbox, message: Message, connected: boolean, limits: OutboxLimits = outboxLimits): Outbox {
  if (message.delivery.keep === "now" && !connected) return outbox;
  const id = outbox.lastId + 1;
  const bytes = JSON.stringify(message.payload).length;
  const entry: Entry = {
    id,
    message,
    sent: false,
    late: !connected,
    bytes,
    suspicion: suspicionAtFirst(outbox, message),
  };
  if (message.delivery.keep !== "every") {
    const others = outbox.latest.filter((other) => other.message.topic !== message.topic);
    return { ...outbox, lastId: id, latest: [...others, entry] };
  }
  const kept = withinLimits(withinQuota([...outbox.every, entry], message.delivery.quota), limits);
  const dropped = outbox.dropped + outbox.every.length + 1 - kept.length;
  return { ...outbox, lastId: id, every: kept, dropped };
}

/** Puts what a new connection begins with before everything that waits already. */
export function putFirst(outbox: Outbox, messages: readonly Message[]): Outbox {
  const all = messages.reduce<Outbox>((before, message) => put(before, message, true), outbox);
  const topics = new Set(messages.map((message) => message.topic));
  const first = all.latest.filter(({ message }) => topics.has(message.topic));
  return { ...all, latest: [...first, ...all.latest.filter((entry) => !first.includes(entry))] };
}

/** The next entry to send, now marked as sent; null: nothing may go. What the fleet must know first goes first. */
export function take(outbox: Outbox, opening: Opening): { readonly next: Outbox; readonly entry: Entry | null } {
  const entry = nextOf(outbox, opening);
  if (entry === null) return { next: outbox, entry };
  const marked = (each: Entry): Entry => (each === entry ? { ...each, sent: true } : each);
  const queue = outbox.latest.includes(entry) ? "latest" : "every";
  return { next: { ...outbox, [queue]: outbox[queue].map(marked) }, entry };
}

function nextOf({ latest, every }: Outbox, { quiet, asideDueMs, proven }: Opening): Entry | null {
  const unsent = (each: Entry) => !each.sent && each.suspicion.is === "in-line";
  const alone = (entry: Entry) => (quiet ? entry : null);
  // The state above all is not to wait behind all that has happened: what waits is let through while it is tried.
  const overdue = proven ? firstDue(latest, asideDueMs) : undefined;
  const next = latest.find(unsent) ?? overdue ?? every.find(unsent);
  if (next !== undefined) return goesAlone(next.suspicion) ? alone(next) : next;
  const due = firstDue([...latest, ...every], asideDueMs);
  return due === undefined ? null : alone(due);
}

/** Of what is set aside, what has been due for longest. */
function firstDue(entries: readonly Entry[], byMs: number): Entry | undefined {
  const dueMs = ({ sent, suspicion }: Entry) =>
    !sent && suspicion.is === "aside" ? suspicion.dueAtMs : Number.POSITIVE_INFINITY;
  return entries.filter((entry) => dueMs(entry) <= byMs).toSorted((a, b) => dueMs(a) - dueMs(b))[0];
}

/** The broker has answered for this entry: it is done with. An id that was replaced meanwhile is ignored. */
export function settle(outbox: Outbox, id: number): Outbox {
  for (const queue of ["latest", "every"] as const) {
    const index = outbox[queue].findIndex((entry) => entry.id === id);
    if (index !== -1) return { ...outbox, [queue]: outbox[queue].toSpliced(index, 1) };
  }
  return outbox;
}

/** The connection is gone: whatever was not acknowledged is to be sent again, and is late by now. */
export function disconnected(outbox: Outbox, blame: Blame, nowMs: number): Outbox {
  // A broker takes them in order: of several, it hung up on the first that it has not acknowledged, if on any.
  const first = [...outbox.latest, ...outbox.every].find(({ sent }) => sent);
  const waiting = (entry: Entry): Entry => {
    const judge = entry.sent && (blame !== "shared" || entry === first) ? suspicionOfSent : suspicionOfOthers;
    return { ...entry, sent: false, late: true, suspicion: judge(entry.suspicion, blame, nowMs) };
  };
  const latest = outbox.latest.filter(({ message }) => message.delivery.keep === "latest");
  return { ...outbox, latest: latest.map(waiting), every: outbox.every.map(waiting) };
}

/** What has lost its place in line. */
export function setAside({ latest, every }: Outbox): readonly Entry[] {
  return [...latest, ...every].filter(({ suspicion }) => suspicion.is === "aside");
}

/** Takes out what the broker will never take. What is kept latest stays: it is replaced in time, by what may be taken. */
export function giveUp(outbox: Outbox): { readonly next: Outbox; readonly givenUp: readonly Entry[] } {
  const givenUp = outbox.every.filter(({ suspicion }) => isGuilty(suspicion));
  if (givenUp.length === 0) return { next: outbox, givenUp };
  return { next: { ...outbox, every: outbox.every.filter((entry) => !givenUp.includes(entry)) }, givenUp };
}

/** Before a stop: the state, above all, is to be said now or never. */
export function recalled(outbox: Outbox): Outbox {
  const inLine = (entry: Entry): Entry =>
    entry.suspicion.is === "aside" ? { ...entry, suspicion: suspectedFromTheStart } : entry;
  return { ...outbox, latest: outbox.latest.map(inLine) };
}

/** A newer message of a topic is no more trusted than the one that it replaces, or those that were set aside. */
function suspicionAtFirst({ latest, every }: Outbox, { topic, delivery }: Message): Suspicion {
  if (delivery.keep !== "every") return latest.find(({ message }) => message.topic === topic)?.suspicion ?? unsuspected;
  const isAside = ({ message, suspicion }: Entry) => message.topic === topic && suspicion.is === "aside";
  const last = every.findLast(isAside)?.suspicion;
  return last?.is === "aside" ? { ...last, hangUps: 0 } : unsuspected;
}

/** @param quota of the newest */
function withinQuota(entries: readonly Entry[], quota: number | undefined): readonly Entry[] {
  if (quota === undefined) return entries;
  const sharing = entries.filter(({ message }) => message.delivery.quota !== undefined);
  if (sharing.length <= quota) return entries;
  const gone = sharing.find((entry) => !entry.sent);
  return entries.filter((entry) => entry !== gone);
}

function withinLimits(entries: readonly Entry[], limits: OutboxLimits): readonly Entry[] {
  let kept = entries;
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  while (kept.length > limits.entries || (bytes > limits.bytes && kept.length > 0)) {
    const index =
      [isExpendable, isWaiting, () => true].map((gives) => kept.findIndex(gives)).find((at) => at >= 0) ?? 0;
    bytes -= kept[index]?.bytes ?? 0;
    kept = kept.toSpliced(index, 1);
  }
  return kept;
}

function isWaiting({ sent }: Entry): boolean {
  return !sent;
}

function isExpendable({ sent, message }: Entry): boolean {
  return !sent && message.delivery.expendable === true;
}
