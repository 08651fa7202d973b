import type { Silencer, SourceEvent } from "../audio/source.ts";
import type { Instant } from "../base/clock.ts";
import { printable } from "../base/fault.ts";
import type { RecognitionPhase, Report } from "../recognition/report.ts";
import type { DevicePhase } from "./schema.ts";

/** What the device is doing as a whole: recognition and capture in one word. Pure. */
export interface DeviceState {
  readonly phase: DevicePhase;
  readonly reason: string;
  /** When the phase began. */
  readonly since: Instant;
  /** The latest word of recognition; null: none yet. */
  readonly recognition: { readonly phase: RecognitionPhase; readonly reason: string } | null;
  /** Why no sound comes in; null: it does, or nothing is known. */
  readonly captureTrouble: string | null;
  /** Why nothing is to be captured; null: it is. */
  readonly silencedBy: Silencer | null;
}

export type DeviceInput = Report | SourceEvent;

export function startingDevice(now: Instant): DeviceState {
  return {
    phase: "starting",
    reason: "started",
    since: now,
    recognition: null,
    captureTrouble: null,
    silencedBy: null,
  };
}

/** The state after an input; the same object where it changes nothing. */
export function stepDevice(state: DeviceState, input: DeviceInput, now: Instant): DeviceState {
  switch (input.type) {
    case "phase":
      return summed({ ...state, recognition: { phase: input.phase, reason: input.reason } }, state, now);
    case "interrupted":
      return summed({ ...state, captureTrouble: input.fault.message }, state, now);
    case "audio":
      return state.captureTrouble === null ? state : summed({ ...state, captureTrouble: null }, state, now);
    case "muted":
      return summed({ ...state, silencedBy: input.muted ? input.by : null, captureTrouble: null }, state, now);
    case "opened":
    case "overrun":
    case "ended":
    case "error":
    case "session":
    case "healthy":
    case "transcript":
    case "gap":
      return state;
  }
}

/** The state of an agent that has stopped. */
export function offlineDevice(state: DeviceState, reason: string, now: Instant): DeviceState {
  return { ...state, phase: "offline", reason: printable(reason), since: now };
}

function summed(next: DeviceState, before: DeviceState, now: Instant): DeviceState {
  const { phase, reason } = summary(next);
  const since = phase === before.phase ? before.since : now;
  return { ...next, phase, reason: printable(reason), since };
}

function summary(state: DeviceState): { readonly phase: DevicePhase; readonly reason: string } {
  const { recognition, captureTrouble, silencedBy } = state;
  if (recognition?.phase === "stopped") return { phase: "stopping", reason: recognition.reason };
  // Whoever muted it must be able to see that it is.
  if (silencedBy === "mute") return { phase: "muted", reason: "the microphone is muted" };
  if (silencedBy === "stop")
    return { phase: "muted", reason: "stopped by the fleet: the command start has it listen again" };
  // Held waits for a person, capture comes back by itself: the worse one is told.
  if (recognition?.phase === "held") return { phase: "held", reason: recognition.reason };
  if (captureTrouble !== null) return { phase: "backing-off", reason: `no sound: ${captureTrouble}` };
  if (recognition === null) return { phase: "starting", reason: "started" };
  return { phase: recognition.phase, reason: recognition.reason };
}
