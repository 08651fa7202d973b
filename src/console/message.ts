import * as z from "zod";
import { jsonOf } from "../base/json.ts";
import {
  type AlarmPayload,
  alarmPayload,
  audioGapEventPayload,
  errorEventPayload,
  type InfoPayload,
  infoPayload,
  type StatePayload,
  sessionEventPayload,
  statePayload,
  transcriptPayload,
} from "../fleet/schema.ts";
import { commandEventPayload, type OutcomePayload, outcomes } from "../fleet/schema-down.ts";
import type { TopicOwner } from "../fleet/topics.ts";
import { isKept, type KeptKind } from "./topic.ts";

// What a device says, once it is known to be well-formed. Pure. A field that is not known is no error; one that is
// known, and is not what it should be, makes the message void: nothing of it is shown.

/** What is said of one minute, as far as the console shows it. Null: not told. */
export interface Metrics {
  readonly levelDbfs: number | null;
  readonly backlogMs: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly lostMs: number | null;
  readonly cpuPercent: number | null;
  readonly rssBytes: number | null;
  readonly temperatureC: number | null;
}

export interface Spoken {
  readonly id: string;
  readonly start: string;
  readonly text: string;
  readonly final: boolean;
}

export interface Outcome {
  readonly name: string;
  readonly id: string;
  readonly status: OutcomePayload["status"];
  readonly reason: string;
  /** JSON, cut off. */
  readonly result: string;
}

export type UpMessage =
  | { readonly kind: "state"; readonly state: StatePayload }
  | { readonly kind: "info"; readonly info: InfoPayload }
  | { readonly kind: "alarm"; readonly type: string; readonly alarm: AlarmPayload }
  /** `id`: the same if it comes twice. */
  | { readonly kind: "event"; readonly id: string; readonly ts: string; readonly text: string }
  | { readonly kind: "transcript"; readonly spoken: Spoken }
  | { readonly kind: "metrics"; readonly metrics: Metrics }
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  /** The broker keeps it no longer. */
  | { readonly kind: "gone"; readonly what: KeptKind; readonly type: string }
  /** Well-formed, and nothing that is shown. */
  | { readonly kind: "other" };

/** Why a message is not used. */
export type Refusal =
  | "topic"
  | "too-large"
  | "not-json"
  | "schema"
  | "other-device"
  | "too-many-devices"
  | "too-many-fleets"
  | "flood";

/** Of a payload. */
export const largestBytes = 16 * 1024;
const longestText = 400;

const alarmType = z.string().regex(/^[a-z][a-z-]{0,31}$/);
const number = z.number().nullish();
const metricsPayload = z.object({
  v: z.literal(1),
  backlog_ms: number,
  level: z.object({ rms_dbfs: number }).nullish(),
  latency_ms: z.object({ p50: number, p99: number }).nullish(),
  audio: z.object({ lost_ms: number }).nullish(),
  cpu_percent: number,
  rss_bytes: number,
  temperature_c: number,
});
const outcomePayload = z.object({
  v: z.literal(1),
  status: z.enum(outcomes),
  reason: z.string().max(300).nullish(),
  result: z.unknown(),
});
const named = z.object({ fleet: z.unknown(), device: z.unknown(), device_id: z.unknown() }).partial();

/**
 * @param levels of the topic, after `up/`
 * @param payload as it came
 */
export function readMessage(owner: TopicOwner, levels: readonly string[], payload: Uint8Array): UpMessage | Refusal {
  const [what = "", type = "", id = ""] = levels;
  const depth = what === "command" ? 3 : what === "alarm" || what === "event" ? 2 : 1;
  if (levels.length !== depth) return "topic";
  if (what === "alarm" && !alarmType.safeParse(type).success) return "topic";
  if (payload.length === 0) return isKept(what) ? { kind: "gone", what, type } : { kind: "other" };
  if (payload.length > largestBytes) return "too-large";
  const value = jsonOf(payload);
  if (value === undefined) return "not-json";
  if (namesAnother(owner, value)) return "other-device";
  return reader(what, type, id)(value) ?? "schema";
}

function reader(what: string, type: string, id: string): (value: unknown) => UpMessage | null {
  switch (what) {
    case "state":
      return using(statePayload, (state) => ({ kind: "state", state }));
    case "info":
      return using(infoPayload, (info) => ({ kind: "info", info }));
    case "alarm":
      return using(alarmPayload, (alarm) => ({ kind: "alarm", type, alarm }));
    case "event":
      return eventReader(type);
    case "transcript":
      return using(transcriptPayload, ({ id: spokenId, start, text, final }) => ({
        kind: "transcript",
        spoken: { id: spokenId, start, text: text.slice(0, longestText), final },
      }));
    case "metrics":
      return using(metricsPayload, (metrics) => ({ kind: "metrics", metrics: metricsOf(metrics) }));
    case "command":
      return using(outcomePayload, ({ status, reason, result }) => ({
        kind: "outcome",
        outcome: { name: type, id, status, reason: reason ?? "", result: resultText(result) },
      }));
    default:
      return () => ({ kind: "other" });
  }
}

function eventReader(type: string): (value: unknown) => UpMessage | null {
  const event = ({ ts, boot, seq }: { ts: string; boot: string; seq: number }, text: string): UpMessage => ({
    kind: "event",
    id: `${boot} ${seq}`,
    ts,
    text,
  });
  switch (type) {
    case "error":
      return using(errorEventPayload, (of) =>
        event(of, `${of.resp_type} ${of.error_code} ${of.error_msg} (attempt ${of.attempt}): ${of.hint}`),
      );
    case "session":
      return using(sessionEventPayload, (of) => event(of, `session ${of.change}: ${of.reason}`));
    case "audio-gap":
      return using(audioGapEventPayload, (of) => event(of, `${of.lost_ms} ms of sound lost: ${of.cause}`));
    case "command":
      return using(commandEventPayload, (of) =>
        event(of, `command ${of.command} ${of.status}${of.reason === "" ? "" : `: ${of.reason}`}`),
      );
    default:
      return () => ({ kind: "other" });
  }
}

function using<Schema extends z.ZodType>(
  schema: Schema,
  message: (value: z.infer<Schema>) => UpMessage,
): (value: unknown) => UpMessage | null {
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? message(parsed.data) : null;
  };
}

function metricsOf(payload: z.infer<typeof metricsPayload>): Metrics {
  return {
    levelDbfs: payload.level?.rms_dbfs ?? null,
    backlogMs: payload.backlog_ms ?? null,
    latencyP50Ms: payload.latency_ms?.p50 ?? null,
    latencyP99Ms: payload.latency_ms?.p99 ?? null,
    lostMs: payload.audio?.lost_ms ?? null,
    cpuPercent: payload.cpu_percent ?? null,
    rssBytes: payload.rss_bytes ?? null,
    temperatureC: payload.temperature_c ?? null,
  };
}

function resultText(result: unknown): string {
  return result === null || result === undefined ? "" : JSON.stringify(result).slice(0, longestText);
}

/** Payloads do not name their device; one that names another than its topic is not to be believed. */
function namesAnother(owner: TopicOwner, value: unknown): boolean {
  const { data } = named.safeParse(value);
  const { fleet = owner.fleet, device = owner.device, device_id: id = owner.device } = data ?? {};
  return fleet !== owner.fleet || device !== owner.device || id !== owner.device;
}
