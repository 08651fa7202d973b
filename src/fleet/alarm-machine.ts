import type { Instant } from "../base/clock.ts";
import type { AlarmType, Severity } from "./schema.ts";
import type { Origin, Symptom } from "./symptom.ts";

// One alarm type's states, without clock, timers or I/O:
//
//   quiet ── trouble ──▶ suspect ── it goes on for the debounce ──▶ active
//     ▲                  │     ▲                                    │    ▲
//     │                well  trouble                              well  trouble
//     │                  ▼     │                                    ▼    │
//     ├── stayed well ── doubtful                               recovering
//     └──────────────────────────────── stayed well: cleared ───────┘
//
// Trouble in `suspect` or `doubtful` once the debounce has passed is an alarm at once: it comes again and again.

/** One run of trouble, from its first sighting on. Times are wall clock. */
export interface Span {
  /** The latest sighting. */
  readonly symptom: Symptom;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** What the fleet was last told of an alarm. */
export interface Told {
  readonly id: string;
  /** Monotonic. */
  readonly atMs: number;
  readonly count: number;
}

/** `ill`: the sides that are in trouble. Deadlines are monotonic. */
export type AlarmState =
  | { readonly phase: "quiet" }
  | { readonly phase: "suspect"; readonly span: Span; readonly ill: readonly Origin[]; readonly raiseAtMs: number }
  | { readonly phase: "doubtful"; readonly span: Span; readonly raiseAtMs: number; readonly quietAtMs: number }
  | { readonly phase: "active"; readonly span: Span; readonly ill: readonly Origin[]; readonly told: Told }
  | { readonly phase: "recovering"; readonly span: Span; readonly told: Told; readonly clearAtMs: number };

/** How bad an alarm of a type is, and how long it must have stayed well before it is cleared. */
export const alarmPolicy: Readonly<Record<AlarmType, { readonly severity: Severity; readonly clearAfterMs: number }>> =
  {
    service: { severity: "major", clearAfterMs: 4_000 },
    credentials: { severity: "critical", clearAfterMs: 4_000 },
    account: { severity: "critical", clearAfterMs: 4_000 },
    config: { severity: "critical", clearAfterMs: 4_000 },
    throttled: { severity: "minor", clearAfterMs: 4_000 },
    capture: { severity: "critical", clearAfterMs: 4_000 },
    speaker: { severity: "minor", clearAfterMs: 4_000 },
    "audio-loss": { severity: "major", clearAfterMs: 60_000 },
    clock: { severity: "major", clearAfterMs: 30_000 },
    disk: { severity: "major", clearAfterMs: 30_000 },
    panel: { severity: "minor", clearAfterMs: 4_000 },
    // Longer than the hold after being pushed out, or the twin devices would clear it for each other.
    identity: { severity: "critical", clearAfterMs: 1_200_000 },
  };

/** An alarm's count and message are told anew at most this often. */
const updateEveryMs = 60_000;

/** After one more sighting of trouble. `raiseAtMs` of the result may have passed already: then it is due at once. */
export function troubled(state: AlarmState, symptom: Symptom, now: Instant): AlarmState {
  const nowMs = now.monotonicMs;
  const span = state.phase === "quiet" ? firstSpan(symptom, now.wallMs) : longerSpan(state.span, symptom, now.wallMs);
  const ill = illWith(state, symptom);
  const calmAtMs = nowMs + alarmPolicy[symptom.alarm].clearAfterMs;
  switch (state.phase) {
    case "quiet":
    case "suspect":
    case "doubtful": {
      const soonestMs = nowMs + symptom.debounceMs;
      const raiseAtMs = state.phase === "quiet" ? soonestMs : Math.min(state.raiseAtMs, soonestMs);
      if (ill.length > 0 || nowMs >= raiseAtMs) return { phase: "suspect", span, ill, raiseAtMs };
      return { phase: "doubtful", span, raiseAtMs, quietAtMs: calmAtMs };
    }
    case "active":
    case "recovering":
      if (ill.length > 0) return { phase: "active", span, ill, told: state.told };
      return { phase: "recovering", span, told: state.told, clearAtMs: calmAtMs };
  }
}

/** After a side has been seen to work; the same object where that changes nothing. */
export function healed(type: AlarmType, state: AlarmState, origin: Origin, nowMs: number): AlarmState {
  if ((state.phase !== "suspect" && state.phase !== "active") || !state.ill.includes(origin)) return state;
  const ill = state.ill.filter((other) => other !== origin);
  if (ill.length > 0) return { ...state, ill };
  const calmAtMs = nowMs + alarmPolicy[type].clearAfterMs;
  if (state.phase === "active") return raised(type, state.span, ill, state.told, nowMs);
  return { phase: "doubtful", span: state.span, raiseAtMs: state.raiseAtMs, quietAtMs: calmAtMs };
}

/** The state of an alarm that the fleet knows of. */
export function raised(
  type: AlarmType,
  span: Span,
  ill: readonly Origin[],
  told: Told,
  nowMs: number,
): AlarmState & { readonly phase: "active" | "recovering" } {
  if (ill.length > 0) return { phase: "active", span, ill, told };
  return { phase: "recovering", span, told, clearAtMs: nowMs + alarmPolicy[type].clearAfterMs };
}

/** When time alone changes this state or what the fleet knows of it, monotonic; infinity: never. */
export function stateDeadlineMs(state: AlarmState): number {
  switch (state.phase) {
    case "quiet":
      return Number.POSITIVE_INFINITY;
    case "suspect":
      return state.raiseAtMs;
    case "doubtful":
      return state.quietAtMs;
    case "active":
      return updateAtMs(state.span, state.told);
    case "recovering":
      return Math.min(state.clearAtMs, updateAtMs(state.span, state.told));
  }
}

function updateAtMs(span: Span, told: Told): number {
  return span.count === told.count ? Number.POSITIVE_INFINITY : told.atMs + updateEveryMs;
}

function illWith(state: AlarmState, symptom: Symptom): readonly Origin[] {
  const ill = state.phase === "suspect" || state.phase === "active" ? state.ill : [];
  return !symptom.lasting || ill.includes(symptom.origin) ? ill : [...ill, symptom.origin];
}

function firstSpan(symptom: Symptom, wallMs: number): Span {
  return { symptom, firstMs: wallMs, lastMs: wallMs, count: 1 };
}

function longerSpan(span: Span, symptom: Symptom, wallMs: number): Span {
  // The wall clock may have been set back meanwhile: it was ahead before.
  return { symptom, firstMs: Math.min(span.firstMs, wallMs), lastMs: wallMs, count: span.count + 1 };
}
