import { isoTime } from "../base/iso-time.ts";
import { type AlarmPayload, type InfoPayload, type StatePayload, severities } from "../fleet/schema.ts";
import type { TopicOwner } from "../fleet/topics.ts";
import type { Metrics, Outcome, Spoken, UpMessage } from "./message.ts";
import { noSeries, type Series, withSample } from "./series.ts";
import { keyOf } from "./topic.ts";

// What is known of one device. Pure: record and message in, next record out. Every list in it has a bound.

export interface Alarm {
  readonly type: string;
  readonly payload: AlarmPayload;
}

/** Something that happened. */
export interface Happening {
  readonly atMs: number;
  readonly kind: "phase" | "raised" | "cleared" | "event";
  readonly text: string;
}

export interface Device extends TopicOwner {
  readonly key: string;
  readonly state: StatePayload | null;
  /** The MQTT connection that was last heard of as online: a will of another one is old news. */
  readonly session: string | null;
  /** The one that it displaced. */
  readonly former: string | null;
  /** The console had no broker since: another may have begun, and ended, unheard. */
  readonly doubtful: boolean;
  readonly info: InfoPayload | null;
  /** Active and cleared ones. */
  readonly alarms: readonly Alarm[];
  readonly metrics: Metrics | null;
  readonly series: Series;
  /** The newest last. */
  readonly history: readonly Happening[];
  readonly events: readonly (Happening & { readonly id: string })[];
  readonly spoken: readonly Spoken[];
  readonly outcomes: readonly (Outcome & { readonly atMs: number })[];
}

const most = { alarms: 24, history: 32, events: 16, spoken: 12, outcomes: 12 };

export function newDevice(owner: TopicOwner): Device {
  return {
    ...owner,
    key: keyOf(owner),
    state: null,
    session: null,
    former: null,
    doubtful: false,
    info: null,
    alarms: [],
    metrics: null,
    series: noSeries,
    history: [],
    events: [],
    spoken: [],
    outcomes: [],
  };
}

/** @returns the same record where the message changes nothing that is shown */
export function stepDevice(device: Device, message: UpMessage, nowMs: number): Device {
  switch (message.kind) {
    case "state":
      return withState(device, message.state, nowMs);
    case "info":
      return { ...device, info: message.info };
    case "alarm":
      return withAlarm(device, { type: message.type, payload: message.alarm }, nowMs);
    case "event": {
      const { id, text, ts } = message;
      if (device.events.some((each) => each.id === id)) return device;
      const event = { id, ...happening("event", text, ts, nowMs) };
      return { ...device, events: added(device.events, event, most.events) };
    }
    case "transcript": {
      const others = device.spoken.filter(({ id }) => id !== message.spoken.id);
      return { ...device, spoken: added(others, message.spoken, most.spoken) };
    }
    case "metrics":
      return { ...device, metrics: message.metrics, series: withSample(device.series, message.metrics, nowMs) };
    case "outcome": {
      const others = device.outcomes.filter(({ id }) => id !== message.outcome.id);
      return { ...device, outcomes: added(others, { ...message.outcome, atMs: nowMs }, most.outcomes) };
    }
    case "gone":
      if (message.what === "state") return { ...device, state: null };
      if (message.what === "info") return { ...device, info: null };
      return { ...device, alarms: device.alarms.filter(({ type }) => type !== message.type) };
    case "other":
      return device;
  }
}

/** Nobody knows how it is any more. @param reason why that is */
export function silentDevice(device: Device, reason: string, nowMs: number): Device {
  if (device.state === null || device.state.phase === "offline") return device;
  const ts = isoTime(nowMs);
  return withState(device, { ...device.state, ts, online: false, phase: "offline", since: ts, reason }, nowMs);
}

export function activeAlarms(device: Device): readonly Alarm[] {
  return device.alarms.filter(({ payload }) => payload.status === "active");
}

/** By how bad it is, from 1. */
export const severityNames = severities.toReversed();

/** 0: no alarm; 1 warning … 4 critical. */
export function severityRank(device: Device): number {
  return Math.max(0, ...activeAlarms(device).map(({ payload }) => severityNames.indexOf(payload.severity) + 1));
}

/** How bad it is, to sort by: the severity of its worst alarm, then being away, then not working. */
export function badness(device: Device): number {
  const phase = device.state?.phase;
  const away = phase === "offline" ? 3 : phase === "held" ? 2 : phase === "backing-off" ? 1 : 0;
  return severityRank(device) * 4 + away;
}

function withState(device: Device, state: StatePayload, nowMs: number): Device {
  const isOnline = state.phase !== "offline";
  if (!isOnline && isOldWill(device, state.session)) return device;
  const isNew = isOnline && state.session !== device.session;
  const sessions = {
    ...(isNew && { session: state.session, former: device.session }),
    ...(isOnline && { doubtful: false }),
  };
  const changed = device.state?.phase !== state.phase || device.state.since !== state.since;
  const text = state.reason === "" ? state.phase : `${state.phase}: ${state.reason}`;
  const history = changed
    ? added(device.history, happening("phase", text, state.since, nowMs), most.history)
    : device.history;
  return { ...device, ...sessions, state, history };
}

/** Whether a word of a session's end is about one that another has followed. */
function isOldWill({ session, former, doubtful }: Device, ended: string): boolean {
  if (session === null || ended === session) return false;
  return ended === former || !doubtful;
}

function withAlarm(device: Device, alarm: Alarm, nowMs: number): Device {
  const { payload, type } = alarm;
  const before = device.alarms.find((each) => each.type === type);
  const others = device.alarms.filter((each) => each !== before);
  const alarms = added(others, alarm, most.alarms);
  if (before?.payload.status === payload.status && before.payload.id === payload.id) return { ...device, alarms };
  // A cleared one that is news at the start of the console happened before its time.
  if (before === undefined && payload.status === "cleared") return { ...device, alarms };
  const kind = payload.status === "active" ? "raised" : "cleared";
  const at = payload.status === "active" ? payload.first : payload.ts;
  const text = `${type} ${payload.code} ${payload.message}`;
  return { ...device, alarms, history: added(device.history, happening(kind, text, at, nowMs), most.history) };
}

/** @param ts of the device's own clock, which is not believed when it is ahead of ours */
function happening(kind: Happening["kind"], text: string, ts: string, nowMs: number): Happening {
  const atMs = Date.parse(ts);
  return { kind, text, atMs: Number.isNaN(atMs) ? nowMs : Math.min(atMs, nowMs) };
}

function added<T>(list: readonly T[], item: T, bound: number): readonly T[] {
  return [...list.slice(Math.max(0, list.length - bound + 1)), item];
}
