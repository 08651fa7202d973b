import type { Instant } from "../base/clock.ts";
import { type AlarmState, alarmPolicy, healed, raised, type Span, stateDeadlineMs, troubled } from "./alarm-machine.ts";
import { type AlarmType, alarmTypes, type Severity } from "./schema.ts";
import type { Origin, Symptom } from "./symptom.ts";

/** Every alarm of a device: a pure machine, see alarm-machine.ts for the states of one. */
export interface Alarms {
  /** Makes alarm ids unique across restarts. */
  readonly boot: string;
  /** How many were raised; numbers the ids. */
  readonly raised: number;
  readonly states: Readonly<Record<AlarmType, AlarmState>>;
  /** Monotonic times of the latest raises of each type, newest last, no more than flapping needs. */
  readonly raises: Readonly<Record<AlarmType, readonly number[]>>;
}

export type AlarmEvent =
  | { readonly type: "trouble"; readonly symptom: Symptom }
  /** This side works now. */
  | { readonly type: "well"; readonly origin: Origin }
  /** Time has passed. */
  | { readonly type: "tick" };

/** An alarm as the fleet is to see it. Times are wall clock. */
export interface AlarmRecord {
  readonly type: AlarmType;
  /** The same from raise to clear. */
  readonly id: string;
  readonly status: "active" | "cleared";
  readonly severity: Severity;
  /** The latest sighting. */
  readonly symptom: Symptom;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly flapping: boolean;
}

export interface AlarmChange {
  readonly change: "raised" | "updated" | "cleared";
  readonly alarm: AlarmRecord;
}

export interface AlarmStep {
  readonly next: Alarms;
  readonly changes: readonly AlarmChange[];
  /** Monotonic: a `tick` is due then. null: time alone changes nothing. */
  readonly deadlineMs: number | null;
}

/** Raised this often within this time: the trouble comes and goes. */
const flappingRaises = 4;
const flappingWithinMs = 600_000;

/** No trouble known. */
export function quietAlarms(boot: string): Alarms {
  return { boot, raised: 0, states: eachType({ phase: "quiet" }), raises: eachType([]) };
}

/** Takes up an alarm from before a restart, with its id, first time and count: active until its side is well. */
export function resumeAlarm(alarms: Alarms, alarm: AlarmRecord, now: Instant): Alarms {
  const { symptom, firstMs, lastMs, count } = alarm;
  const told = { id: alarm.id, atMs: now.monotonicMs, count };
  const ill = symptom.lasting ? [symptom.origin] : [];
  return withState(
    alarms,
    alarm.type,
    raised(alarm.type, { symptom, firstMs, lastMs, count }, ill, told, now.monotonicMs),
  );
}

/** The alarms that are raised and not cleared. */
export function activeAlarms(alarms: Alarms, now: Instant): readonly AlarmRecord[] {
  return alarmTypes.flatMap((type) => {
    const state = alarms.states[type];
    if (!isKnown(state)) return [];
    return [record(alarms, type, "active", state.span, state.told.id, now.monotonicMs)];
  });
}

/** What is due by now happens before and after the event, so that a late tick changes no outcome. */
export function stepAlarms(alarms: Alarms, event: AlarmEvent, now: Instant): AlarmStep {
  const changes: AlarmChange[] = [];
  const early = withDue(alarms, now.monotonicMs, changes);
  const next = withDue(withEvent(early, event, now), now.monotonicMs, changes);
  const deadlineMs = Math.min(...alarmTypes.map((type) => stateDeadlineMs(next.states[type])));
  return { next, changes, deadlineMs: deadlineMs === Number.POSITIVE_INFINITY ? null : deadlineMs };
}

function withEvent(alarms: Alarms, event: AlarmEvent, now: Instant): Alarms {
  switch (event.type) {
    case "tick":
      return alarms;
    case "trouble": {
      const { alarm, unless } = event.symptom;
      if (unless !== undefined && isKnown(alarms.states[unless])) return alarms;
      return withState(alarms, alarm, troubled(alarms.states[alarm], event.symptom, now));
    }
    case "well":
      return alarmTypes.reduce(
        (all, type) => withState(all, type, healed(type, all.states[type], event.origin, now.monotonicMs)),
        alarms,
      );
  }
}

/** Does what time alone does, and notes what the fleet must be told. */
function withDue(alarms: Alarms, nowMs: number, changes: AlarmChange[]): Alarms {
  let next = alarms;
  for (const type of alarmTypes) {
    const state = next.states[type];
    if (stateDeadlineMs(state) > nowMs) continue;
    switch (state.phase) {
      case "quiet":
        break;
      case "suspect": {
        const told = { id: `${next.boot}-${next.raised + 1}`, atMs: nowMs, count: state.span.count };
        const raises = [...next.raises[type], nowMs].slice(-flappingRaises);
        next = { ...next, raised: next.raised + 1, raises: { ...next.raises, [type]: raises } };
        next = withState(next, type, raised(type, state.span, state.ill, told, nowMs));
        changes.push({ change: "raised", alarm: record(next, type, "active", state.span, told.id, nowMs) });
        break;
      }
      case "doubtful":
        next = withState(next, type, { phase: "quiet" });
        break;
      case "active":
      case "recovering":
        if (state.phase === "recovering" && state.clearAtMs <= nowMs) {
          next = withState(next, type, { phase: "quiet" });
          changes.push({ change: "cleared", alarm: record(next, type, "cleared", state.span, state.told.id, nowMs) });
        } else {
          const told = { ...state.told, atMs: nowMs, count: state.span.count };
          next = withState(next, type, { ...state, told });
          changes.push({ change: "updated", alarm: record(next, type, "active", state.span, told.id, nowMs) });
        }
    }
  }
  return next;
}

function record(
  alarms: Alarms,
  type: AlarmType,
  status: AlarmRecord["status"],
  span: Span,
  id: string,
  nowMs: number,
): AlarmRecord {
  const recent = alarms.raises[type].filter((raisedMs) => nowMs - raisedMs <= flappingWithinMs);
  return {
    type,
    id,
    status,
    severity: span.symptom.severity ?? alarmPolicy[type].severity,
    ...span,
    flapping: recent.length >= flappingRaises,
  };
}

/** Whether the fleet has been told of it. */
function isKnown(state: AlarmState): state is AlarmState & { readonly phase: "active" | "recovering" } {
  return state.phase === "active" || state.phase === "recovering";
}

function withState(alarms: Alarms, type: AlarmType, state: AlarmState): Alarms {
  return alarms.states[type] === state ? alarms : { ...alarms, states: { ...alarms.states, [type]: state } };
}

function eachType<T>(value: T): Record<AlarmType, T> {
  return {
    service: value,
    credentials: value,
    account: value,
    config: value,
    throttled: value,
    capture: value,
    speaker: value,
    "audio-loss": value,
    clock: value,
    disk: value,
    panel: value,
    identity: value,
  };
}
