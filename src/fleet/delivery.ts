import type { Message } from "./outbox.ts";
import {
  type AlarmPayload,
  type AlarmType,
  type EventPayload,
  type EventType,
  eventPayloads,
  eventTypes,
  type InfoPayload,
  type StatePayload,
  type TranscriptPayload,
  transcriptPayload,
} from "./schema.ts";
import { type ConfigReportPayload, type OutcomePayload, outcomePayload } from "./schema-down.ts";
import type { MetricsPayload } from "./schema-metrics.ts";
import { type TopicOwner, upTopic } from "./topics.ts";

// Each kind of message with its topic and how it is delivered.

const hourSeconds = 3_600;
const daySeconds = 24 * hourSeconds;

/** Online is refreshed well before it expires, so a device whose will was lost does not look online for ever. */
export function stateMessage(owner: TopicOwner, payload: StatePayload): Message {
  const expirySeconds = payload.online ? 2 * hourSeconds : null;
  return { topic: upTopic(owner, "state"), payload, delivery: { retain: true, expirySeconds, keep: "latest" } };
}

export function infoMessage(owner: TopicOwner, payload: InfoPayload): Message {
  return { topic: upTopic(owner, "info"), payload, delivery: { retain: true, expirySeconds: null, keep: "latest" } };
}

export function alarmMessage(owner: TopicOwner, type: AlarmType, payload: AlarmPayload): Message {
  const expirySeconds = payload.status === "active" ? null : daySeconds;
  return { topic: upTopic(owner, `alarm/${type}`), payload, delivery: { retain: true, expirySeconds, keep: "latest" } };
}

export function eventMessage(owner: TopicOwner, type: EventType, payload: EventPayload): Message {
  const delivery = { retain: false, expirySeconds: 7 * daySeconds, keep: "every" } as const;
  const message = { topic: upTopic(owner, `event/${type}`), payload, delivery };
  return "attempt" in payload && payload.attempt > 1 ? expendable(message) : message;
}

export function transcriptMessage(owner: TopicOwner, payload: TranscriptPayload): Message {
  const delivery = { retain: false, expirySeconds: null, keep: "every" } as const;
  const message = { topic: upTopic(owner, "transcript"), payload, delivery };
  return payload.final ? message : expendable(message);
}

/**
 * What will be said better, or was said before, gives way to all else that waits: an outage fails four times a minute,
 * a night long.
 */
function expendable(message: Message): Message {
  return { ...message, delivery: { ...message.delivery, expendable: true } };
}

export function outcomeMessage(owner: TopicOwner, name: string, id: string, payload: OutcomePayload): Message {
  const delivery = { retain: false, expirySeconds: daySeconds, keep: "every" } as const;
  return { topic: upTopic(owner, `command/${name}/${id}`), payload, delivery };
}

/**
 * A flood of commands that came too late, as after an outage, must not push out what happened during it: that cannot be
 * learned otherwise, while who sent a command knows when it was to be over.
 */
const mostRefusals = 50;

/** The outcome of a command that was not taken up. */
export function refusalMessage(owner: TopicOwner, name: string, id: string, payload: OutcomePayload): Message {
  const message = outcomeMessage(owner, name, id, payload);
  return { ...message, delivery: { ...message.delivery, quota: mostRefusals } };
}

export function configMessage(owner: TopicOwner, payload: ConfigReportPayload): Message {
  return { topic: upTopic(owner, "config"), payload, delivery: { retain: true, expirySeconds: null, keep: "latest" } };
}

/** Worth nothing later: never queued while the broker is away. */
export function metricsMessage(owner: TopicOwner, payload: MetricsPayload): Message {
  return { topic: upTopic(owner, "metrics"), payload, delivery: { retain: false, expirySeconds: 300, keep: "now" } };
}

/** A message that waited at a restart, as it was; null: it is none that waits. */
export function restoredMessage(owner: TopicOwner, topic: string, payload: unknown): Message | null {
  const [kind, type, id] = topic.split("/").slice(5);
  if (kind === "command" && type !== undefined && id !== undefined) {
    const { data } = outcomePayload.safeParse(payload);
    if (data === undefined) return null;
    // Whether it was taken up is not known any more: what became of those that were is an event besides.
    return data.status === "failed" ? refusalMessage(owner, type, id, data) : outcomeMessage(owner, type, id, data);
  }
  if (kind === "transcript") {
    const { data } = transcriptPayload.safeParse(payload);
    return data === undefined ? null : transcriptMessage(owner, data);
  }
  const event = kind === "event" ? eventTypes.find((each) => each === type) : undefined;
  if (event === undefined) return null;
  const { data } = eventPayloads[event].safeParse(payload);
  return data === undefined ? null : eventMessage(owner, event, data);
}
