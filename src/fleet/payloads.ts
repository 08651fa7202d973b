import { type Instant, partedMs } from "../base/clock.ts";
import { printable } from "../base/fault.ts";
import { isoTime } from "../base/iso-time.ts";
import type { Report, Transcript } from "../recognition/report.ts";
import type { ErrorReport } from "../sis/error-report.ts";
import type { AlarmRecord } from "./alarms.ts";
import type { DeviceState } from "./device-state.ts";
import type { RemoteConfig } from "./remote-config-file.ts";
import type {
  AlarmPayload,
  AudioGapEventPayload,
  ErrorEventPayload,
  InfoPayload,
  SessionEventPayload,
  StatePayload,
  TranscriptPayload,
} from "./schema.ts";
import type { CommandEventPayload, ConfigReportPayload, OutcomePayload } from "./schema-down.ts";

// Our types to the wire's: snake_case, RFC 3339, bounded text. `nowMs` is the wall clock.

/** The facts of `up/info`. */
export interface DeviceInfo {
  readonly version: string;
  readonly build: string;
  readonly os: string;
  readonly hardware: string;
  readonly capabilities: readonly string[];
  readonly audioFormat: string;
}

/** What stamps an event: its place in the sequence of this boot. */
export interface EventStamp {
  readonly seq: number;
  readonly boot: string;
  readonly nowMs: number;
}

/** RFC 3339, UTC, ms. A time that no calendar has (a clock gone mad) becomes the nearest that it can show. */
export function timestamp(wallMs: number): string {
  // Years 1970 to 9999: RFC 3339 has four digits.
  const shown = Math.min(Math.max(Number.isNaN(wallMs) ? 0 : wallMs, 0), 253_402_300_799_999);
  return isoTime(shown);
}

/** @param configHash of the settings in effect */
export function infoPayload(info: DeviceInfo, configHash: string, nowMs: number): InfoPayload {
  return {
    v: 1,
    ts: timestamp(nowMs),
    version: info.version,
    build: info.build,
    os: info.os,
    hardware: info.hardware,
    capabilities: [...info.capabilities],
    audio_format: info.audioFormat,
    config_hash: configHash,
  };
}

/** Less is how they run, or how a clock is kept right; and what was told once is told again. */
const clocksDifferMs = 1_000;

/** @param session of the MQTT connection, see StatePayload */
export function statePayload(state: DeviceState, boot: string, session: string, now: Instant): StatePayload {
  // A clock that is set meanwhile was wrong before: mostly it said 1970.
  const parted = partedMs(state.since, now);
  const sinceMs = state.since.wallMs + (Math.abs(parted) < clocksDifferMs ? 0 : parted);
  return {
    v: 1,
    ts: timestamp(now.wallMs),
    online: state.phase !== "offline",
    phase: state.phase,
    boot,
    session,
    since: timestamp(sinceMs),
    reason: state.reason,
  };
}

export function alarmPayload(alarm: AlarmRecord, nowMs: number): AlarmPayload {
  const { symptom } = alarm;
  return {
    v: 1,
    ts: timestamp(nowMs),
    id: alarm.id,
    status: alarm.status,
    severity: alarm.severity,
    class: symptom.class,
    code: printable(symptom.code, 63),
    message: printable(symptom.message),
    trace_id: bounded(symptom.traceId),
    first: timestamp(alarm.firstMs),
    last: timestamp(alarm.lastMs),
    count: alarm.count,
    flapping: alarm.flapping,
    hint: printable(symptom.hint, 499),
  };
}

export function errorEventPayload(error: ErrorReport, stamp: EventStamp): ErrorEventPayload {
  return {
    ...stamped(stamp),
    resp_type: error.kind,
    error_code: printable(error.code, 63),
    error_msg: printable(error.message),
    trace_id: bounded(error.traceId),
    class: error.class,
    action: printable(error.action),
    attempt: error.attempt,
    retry_in_ms: error.retryInMs,
    hint: printable(error.hint, 499),
  };
}

export function sessionEventPayload(
  report: Report & { readonly type: "session" },
  stamp: EventStamp,
): SessionEventPayload {
  return {
    ...stamped(stamp),
    session: report.session,
    change: report.change,
    reason: printable(report.reason),
    trace_id: bounded(report.traceId),
  };
}

export function audioGapEventPayload(
  report: Report & { readonly type: "gap" },
  stamp: EventStamp,
): AudioGapEventPayload {
  return {
    ...stamped(stamp),
    lost_ms: report.lostMs,
    from: timestamp(report.fromMs),
    to: timestamp(report.toMs),
    cause: printable(report.cause),
  };
}

export function commandEventPayload(
  facts: {
    readonly name: string;
    readonly id: string;
    readonly status: "succeeded" | "failed";
    readonly reason: string;
  },
  stamp: EventStamp,
): CommandEventPayload {
  const { name, id, status, reason } = facts;
  return { ...stamped(stamp), command: name, id, status, reason: printable(reason) };
}

export function outcomePayload(
  outcome: Pick<OutcomePayload, "status" | "reason" | "result">,
  nowMs: number,
): OutcomePayload {
  return { v: 1, ts: timestamp(nowMs), ...outcome, reason: printable(outcome.reason) };
}

/** @param hash of the settings in effect */
export function configReportPayload(config: RemoteConfig, hash: string, nowMs: number): ConfigReportPayload {
  const { settings, desired, status, errors } = config;
  return { v: 1, ts: timestamp(nowMs), status, desired: desired?.ts ?? null, hash, settings, errors };
}

/** Also what `run --stdout jsonl` prints, beside its `type`. */
export function transcriptPayload(transcript: Transcript, nowMs: number): TranscriptPayload {
  return {
    v: 1,
    ts: timestamp(nowMs),
    id: transcript.id,
    start: timestamp(transcript.startMs),
    end: timestamp(transcript.endMs),
    text: transcript.text,
    score: transcript.score,
    final: transcript.final,
    words: transcript.words.map(({ word, startMs, endMs }) => ({
      word,
      start: timestamp(startMs),
      end: timestamp(endMs),
    })),
    property: transcript.property,
    trace_id: bounded(transcript.traceId),
    session: transcript.session,
    resumed: transcript.resumed,
  };
}

function stamped(stamp: EventStamp) {
  return { v: 1, ts: timestamp(stamp.nowMs), seq: stamp.seq, boot: stamp.boot, replayed: false } as const;
}

function bounded(text: string | null): string | null {
  return text === null ? null : printable(text, 199);
}
