import * as z from "zod";
import type { ErrorClass } from "../sis/catalogue.ts";
import type { DiscoveryPayload } from "./schema-discovery.ts";
import {
  type ConfigReportPayload,
  commandEventPayload,
  commandPayload,
  configReportPayload,
  desiredConfigPayload,
  type OutcomePayload,
  outcomePayload,
} from "./schema-down.ts";
import { type MetricsPayload, metricsPayload } from "./schema-metrics.ts";
import { code, common, count, eventCommon, label, phrase, timestamp, traceId } from "./schema-parts.ts";

// What a device publishes, as the fleet reads it (and, in schema-down.ts, what it takes from the fleet): the one source
// of the code's types and of docs/schemas/*.json. Field names are those on the wire. Readers must tolerate fields that
// they do not know.

/** What can be wrong with a device: one retained message for each. */
export const alarmTypes = [
  "service",
  "credentials",
  "account",
  "config",
  "throttled",
  "capture",
  "speaker",
  "audio-loss",
  "clock",
  "disk",
  "panel",
  "identity",
] as const;
export type AlarmType = (typeof alarmTypes)[number];

export const severities = ["critical", "major", "minor", "warning"] as const;
export type Severity = (typeof severities)[number];

export const devicePhases = [
  "starting",
  "listening",
  "streaming",
  "backing-off",
  "held",
  "muted",
  "stopping",
  "offline",
] as const;
export type DevicePhase = (typeof devicePhases)[number];

export const eventTypes = ["error", "session", "audio-gap", "command"] as const;
export type EventType = (typeof eventTypes)[number];

/** Every class of the service's errors; one missing or too many here does not compile. */
const errorClasses = {
  service: "service",
  credentials: "credentials",
  account: "account",
  throttled: "throttled",
  config: "config",
  silence: "silence",
  audio: "audio",
  sequence: "sequence",
  network: "network",
} as const satisfies { readonly [Class in ErrorClass]: Class };

export const statePayload = z.object({
  ...common,
  online: z.boolean(),
  phase: z.enum(devicePhases),
  boot: label.describe("new at each start of the agent"),
  session: label.describe(
    "new at each MQTT connection, and in its will: tells a late will of an older connection apart",
  ),
  since: timestamp.describe("when the phase began"),
  reason: phrase,
});
export type StatePayload = z.infer<typeof statePayload>;

export const infoPayload = z.object({
  ...common,
  version: label,
  build: phrase,
  os: phrase,
  hardware: phrase,
  capabilities: z.array(label).max(64),
  audio_format: label,
  config_hash: phrase,
});
export type InfoPayload = z.infer<typeof infoPayload>;

export const alarmPayload = z.object({
  ...common,
  id: label.describe("the same from raise to clear"),
  status: z.enum(["active", "cleared"]),
  severity: z.enum(severities),
  class: label,
  code,
  message: phrase,
  trace_id: traceId,
  first: timestamp,
  last: timestamp,
  count: z.int().min(1).describe("how often the trouble was seen, first to last"),
  flapping: z.boolean(),
  hint: z.string().max(500).describe("what a person should do"),
});
export type AlarmPayload = z.infer<typeof alarmPayload>;

export const errorEventPayload = z.object({
  ...eventCommon,
  resp_type: z.enum(["ERROR", "FATAL_ERROR", "REFUSED", "UNREACHABLE", "LOST", "PROTOCOL"]),
  error_code: code,
  error_msg: phrase,
  trace_id: traceId,
  class: z.enum(errorClasses),
  action: phrase,
  attempt: count.describe("failures in a row, this one included"),
  retry_in_ms: z.number().min(0).nullable().describe("null: not tried again by itself"),
  hint: z.string().max(500),
});
export type ErrorEventPayload = z.infer<typeof errorEventPayload>;

export const sessionEventPayload = z.object({
  ...eventCommon,
  session: label.describe("the recognition session"),
  change: z.enum(["started", "ended"]),
  reason: phrase,
  trace_id: traceId,
});
export type SessionEventPayload = z.infer<typeof sessionEventPayload>;

export const audioGapEventPayload = z.object({
  ...eventCommon,
  lost_ms: z.number().min(0),
  from: timestamp.describe("when the first lost sound was captured"),
  to: timestamp,
  cause: phrase,
});
export type AudioGapEventPayload = z.infer<typeof audioGapEventPayload>;

export const transcriptPayload = z.object({
  ...common,
  id: label.describe("the same if the same speech is ever published twice"),
  start: timestamp.describe("when the speech itself began"),
  end: timestamp,
  text: z.string(),
  score: z.number().min(0).max(1),
  final: z.boolean(),
  words: z.array(z.object({ word: z.string(), start: timestamp, end: timestamp })),
  property: label,
  trace_id: traceId,
  session: label,
  resumed: z.boolean().describe("spoken before the agent was restarted, and kept on disk"),
});
export type TranscriptPayload = z.infer<typeof transcriptPayload>;

/** The schema of each type of event. */
export const eventPayloads = {
  error: errorEventPayload,
  session: sessionEventPayload,
  "audio-gap": audioGapEventPayload,
  command: commandEventPayload,
} as const satisfies Readonly<Record<EventType, z.ZodType>>;

export type EventPayload = z.infer<(typeof eventPayloads)[EventType]>;

/** Everything that a device publishes. */
export type Payload =
  | StatePayload
  | InfoPayload
  | AlarmPayload
  | EventPayload
  | TranscriptPayload
  | OutcomePayload
  | ConfigReportPayload
  | MetricsPayload
  | DiscoveryPayload;

const payloads = {
  state: ["up/state", statePayload],
  info: ["up/info", infoPayload],
  alarm: ["up/alarm/{type}", alarmPayload],
  "event-error": ["up/event/error", errorEventPayload],
  "event-session": ["up/event/session", sessionEventPayload],
  "event-audio-gap": ["up/event/audio-gap", audioGapEventPayload],
  "event-command": ["up/event/command", commandEventPayload],
  transcript: ["up/transcript", transcriptPayload],
  metrics: ["up/metrics", metricsPayload],
  command: ["dn/command/{name}/{id}", commandPayload],
  "command-outcome": ["up/command/{name}/{id}", outcomePayload],
  "config-desired": ["dn/config", desiredConfigPayload],
  config: ["up/config", configReportPayload],
} as const;

/** A JSON Schema (draft 2020-12) for each payload, by a name for it. */
export function jsonSchemas(): ReadonlyMap<string, object> {
  return new Map(
    Object.entries(payloads).map(([name, [topic, schema]]) => [
      name,
      // As readers should take it: what they do not know is no error.
      { title: `Payload of ${topic}`, ...z.toJSONSchema(schema, { io: "input" }) },
    ]),
  );
}

/** The same as files: name and content. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map([...jsonSchemas()].map(([name, schema]) => [`${name}.json`, `${JSON.stringify(schema, null, 2)}\n`]));
}
