import { type FaultId, knownFaults } from "./known-faults.ts";
import type { AlarmType, Severity } from "./schema.ts";

/** Where trouble is seen; only good news from the same side ends it. */
export const origins = [
  "service",
  "recorder",
  "sound",
  "audio",
  "broker", // the connection to it
  "topics", // what it takes of this device
  "subscriptions", // what it lets this device hear
  "state-disk", // where alarms and messages are kept
  "sound-disk", // where sound is kept
  "mute-disk", // where it is kept that the device is muted
  "stop-disk", // the same of stopped
  "clock",
  "temperature",
  "power",
  "panel",
  "speech", // the service's synthesis
  "speaker",
] as const;
export type Origin = (typeof origins)[number];

/** Those of the broker. */
export const brokerOrigins = ["broker", "topics", "subscriptions"] as const satisfies readonly Origin[];

/** One sighting of trouble, diagnosed. */
export interface Symptom {
  readonly alarm: AlarmType;
  readonly origin: Origin;
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly traceId: string | null;
  readonly hint: string;
  /** How long trouble must go on before it is an alarm; 0: at once. */
  readonly debounceMs: number;
  /** Where it is not that of its type. */
  readonly severity?: Severity;
  /** Is not told while this alarm is active: it says it already. */
  readonly unless?: AlarmType;
  /** true: it goes on until its origin is well; false: it is over when it is seen (a gap, an overrun). */
  readonly lasting: boolean;
}

/** Long enough for one ERROR that the next session heals, short enough for an outage of a few seconds to be told. */
export const shortMs = 2_000;

/** The alarm that a fault of the table leads to. */
export function symptomOfKnown(
  id: FaultId,
  origin: Origin,
  message: string,
  rest: Pick<Symptom, "debounceMs" | "lasting" | "unless">,
): Symptom {
  const { alarm, severity, class: faultClass, code, hint } = knownFaults[id];
  return { alarm, severity, origin, class: faultClass, code, message, traceId: null, hint, ...rest };
}
