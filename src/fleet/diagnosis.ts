import type { SoundHealth } from "../audio/level.ts";
import type { LossCause } from "../audio/log.ts";
import type { SourceEvent } from "../audio/source.ts";
import type { Fault } from "../base/fault.ts";
import type { ErrorReport, Report } from "../recognition/report.ts";
import type { ErrorClass } from "../sis/catalogue.ts";
import type { SpeechError } from "../synthesis/report.ts";
import { errorCodeOf } from "./broker-faults.ts";
import type { EndClass } from "./broker-policy.ts";
import { type FaultId, knownFaults } from "./known-faults.ts";
import type { AlarmType, Severity } from "./schema.ts";

// Which report leads to which alarm, and what proves it over. Tables first, the few exceptions in the functions below.
// What can be wrong, and what the alarm says then, is in known-faults.ts.

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
  "clock",
  "temperature",
  "power",
  "panel",
  "speech", // the service's synthesis
  "speaker",
] as const;
export type Origin = (typeof origins)[number];

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
const shortMs = 2_000;

interface Row {
  readonly alarm: AlarmType;
  readonly debounceMs: number;
}

const byErrorClass: Readonly<Record<ErrorClass, Row>> = {
  service: { alarm: "service", debounceMs: shortMs },
  network: { alarm: "service", debounceMs: shortMs },
  sequence: { alarm: "service", debounceMs: shortMs },
  throttled: { alarm: "throttled", debounceMs: shortMs },
  credentials: { alarm: "credentials", debounceMs: 0 },
  account: { alarm: "account", debounceMs: 0 },
  config: { alarm: "config", debounceMs: 0 },
  // The service got no audio: the microphone is the first suspect, not the service.
  silence: { alarm: "capture", debounceMs: shortMs },
  // One piece that cannot be decoded is an accident; several in a row are a wrong audio_format.
  audio: { alarm: "config", debounceMs: 5_000 },
};

/** A certificate of the future is a clock of the past. */
const clockRow: Row = { alarm: "clock", debounceMs: shortMs };

function rowOf(code: string, errorClass: ErrorClass): Row {
  return code.endsWith(".CERT_NOT_YET_VALID") ? clockRow : byErrorClass[errorClass];
}

const byEndClass: Readonly<Record<EndClass, AlarmType | null>> = {
  network: null, // no broker, no one to tell: the log says it
  busy: null,
  credentials: "credentials",
  config: "config",
  clock: "clock",
  identity: "identity",
};

/** How far this device's clock may be off. */
const clockToleranceMs = 30_000;

/** What sensors and meters tell: each either well, or not. */
export type Condition =
  | { readonly type: "sound"; readonly health: SoundHealth }
  /** What is wrong with the disk that sound is kept on; null: nothing. */
  | { readonly type: "disk"; readonly fault: Fault | null }
  /** How far this device's clock is ahead of the service's, ms; negative: behind. */
  | { readonly type: "clock"; readonly aheadMs: number }
  | { readonly type: "temperature"; readonly hot: boolean; readonly celsius: number | null }
  | { readonly type: "power"; readonly tooLow: boolean }
  /** Why the front panel cannot be used; null: it can. */
  | { readonly type: "panel"; readonly fault: Fault | null };

const conditionOrigins: Readonly<Record<Condition["type"], Origin>> = {
  sound: "sound",
  disk: "sound-disk",
  clock: "clock",
  temperature: "temperature",
  power: "power",
  panel: "panel",
};

/** The alarm that a fault of the table leads to. */
function symptomOfKnown(
  id: FaultId,
  origin: Origin,
  message: string,
  rest: Pick<Symptom, "debounceMs" | "lasting" | "unless">,
): Symptom {
  const { alarm, severity, class: faultClass, code, hint } = knownFaults[id];
  return { alarm, severity, origin, class: faultClass, code, message, traceId: null, hint, ...rest };
}

/** The side that a condition is about, and the alarm that it leads to; null: it is well. */
export function symptomOfCondition(condition: Condition): {
  readonly origin: Origin;
  readonly symptom: Symptom | null;
} {
  const origin = conditionOrigins[condition.type];
  const known = (id: FaultId, message: string, debounceMs = 0) =>
    symptomOfKnown(id, origin, message, { debounceMs, lasting: true });
  switch (condition.type) {
    case "sound": {
      const { health } = condition;
      if (health === "good") return { origin, symptom: null };
      const clipping = health === "clipping";
      const message = clipping
        ? "the microphone's sound is cut off at full scale"
        : "the microphone delivers the same value all the time: no sound";
      return { origin, symptom: known(clipping ? "microphone-clipping" : "microphone-muted", message) };
    }
    case "disk":
      return { origin, symptom: condition.fault === null ? null : symptomOfDisk("sound-disk", condition.fault) };
    case "clock": {
      const seconds = Math.round(Math.abs(condition.aheadMs) / 1000);
      if (seconds * 1000 <= clockToleranceMs) return { origin, symptom: null };
      const message = `this device's clock is ${seconds} s ${condition.aheadMs > 0 ? "ahead of" : "behind"} the service's`;
      return { origin, symptom: known("clock-off", message, shortMs) };
    }
    case "temperature": {
      const degrees = condition.celsius === null ? "" : ` (${Math.round(condition.celsius)} °C)`;
      return { origin, symptom: condition.hot ? known("hot", `the board is too hot${degrees}`) : null };
    }
    case "power":
      return { origin, symptom: condition.tooLow ? known("under-voltage", "the supply voltage is too low") : null };
    case "panel": {
      if (condition.fault === null) return { origin, symptom: null };
      const { message, hint } = condition.fault;
      const symptom = known("panel-gone", message, shortMs);
      return { origin, symptom: hint === "" ? symptom : { ...symptom, hint } };
    }
  }
}

/** Which fault of the table it is when sound will never be recognised; null: an event, no alarm. */
const lossFaults: Readonly<Record<LossCause, FaultId | null>> = {
  "buffer-full": "buffer-full",
  expired: "sound-expired",
  disk: "sound-spoiled",
  unreadable: "sound-unreadable",
  stopped: "sound-left",
  capture: "sound-missed",
  // The recorder's own word for it comes as an event of the source.
  overrun: null,
  // The service had no words for it, three times: noise as a rule.
  unrecognised: null,
};

/** The alarm that a classified error of recognition leads to. */
function symptomOfError(error: ErrorReport): Symptom {
  const row = rowOf(error.code, error.class);
  // A token ends once a day, and is renewed and tried again at once: that alone is no alarm.
  const renewed = error.class === "credentials" && error.retryInMs !== null && error.retryInMs < shortMs;
  return {
    alarm: row.alarm,
    origin: "service",
    class: error.class,
    code: error.code,
    message: error.message,
    traceId: error.traceId,
    hint: error.hint,
    debounceMs: renewed && error.attempt === 1 ? shortMs : row.debounceMs,
    lasting: true,
  };
}

/** The alarm that a report of recognition leads to; null: none. */
export function symptomOfReport(report: Report): Symptom | null {
  switch (report.type) {
    case "error":
      return symptomOfError(report.error);
    case "gap": {
      const fault = lossFaults[report.cause];
      if (fault === null) return null;
      const message = `${Math.round(report.lostMs)} ms of sound will never be recognised: ${report.cause}`;
      const rest = { debounceMs: 0, lasting: false } as const;
      // While the microphone is away, that is the news.
      const unless = report.cause === "capture" ? ({ unless: "capture" } as const) : {};
      return symptomOfKnown(fault, "audio", message, { ...rest, ...unless });
    }
    case "phase":
    case "session":
    case "healthy":
    case "transcript":
      return null;
  }
}

/** The alarm that an event of the source of sound leads to; null: none. */
export function symptomOfCapture(event: SourceEvent): Symptom | null {
  const capture = { alarm: "capture", origin: "recorder", class: "capture", traceId: null } as const;
  switch (event.type) {
    case "interrupted":
    case "ended": {
      if (event.fault === null) return null;
      const { code, message, hint } = event.fault;
      return { ...capture, code, message, hint, debounceMs: event.type === "ended" ? 0 : shortMs, lasting: true };
    }
    case "overrun": {
      const much = event.lostMs > 0 ? ` at least ${Math.round(event.lostMs)} ms of` : "";
      const rest = { debounceMs: 0, lasting: false } as const;
      return symptomOfKnown("overrun", "audio", `the recorder dropped${much} sound`, rest);
    }
    case "opened":
    case "audio":
    case "muted":
      return null;
  }
}

/** The alarm that a failure of speech synthesis leads to. The microphone has no part in it. */
export function symptomOfSpeechError(error: SpeechError): Symptom {
  const noSound = error.class === "silence" || error.class === "audio";
  const row = rowOf(error.code, noSound ? "service" : error.class);
  const { code, message, traceId, hint } = error;
  // What is tried again may succeed; what is given up is worth telling at once.
  const debounceMs = error.retryInMs === null ? 0 : shortMs;
  // Nobody may ask for a text again for days: what may have passed by itself does not stand until then.
  const lasting = error.class === "credentials" || error.class === "account" || error.class === "config";
  return {
    alarm: row.alarm,
    origin: "speech",
    class: error.class,
    code,
    message,
    traceId,
    hint,
    debounceMs,
    lasting,
  };
}

/** The alarm that a text which could not be played leads to: it stands until one can. */
export function symptomOfSpeaker({ code, message, hint }: Fault): Symptom {
  const debounceMs = 0;
  return {
    alarm: "speaker",
    origin: "speaker",
    class: "speaker",
    code,
    message,
    traceId: null,
    hint,
    debounceMs,
    lasting: true,
  };
}

/** What the broker did to us, and what it means. */
export interface BrokerTrouble {
  readonly origin: "broker" | "topics" | "subscriptions";
  readonly class: EndClass;
  /** MQTT reason code; null: the broker did not say. */
  readonly reasonCode: number | null;
  readonly fault: Fault;
}

/** The alarm that trouble with the broker leads to; null: none. */
export function symptomOfBroker(trouble: BrokerTrouble): Symptom | null {
  const alarm = byEndClass[trouble.class];
  if (alarm === null) return null;
  return {
    alarm,
    origin: trouble.origin,
    class: alarm,
    code: brokerCode(trouble),
    message: trouble.fault.message,
    traceId: null,
    hint: trouble.fault.hint || (alarm === "identity" ? knownFaults["duplicate-id-unsaid"].hint : ""),
    debounceMs: 0,
    lasting: true,
  };
}

/** The reason code that the broker gave, or what TLS said, or the fault's. */
function brokerCode({ reasonCode, fault }: BrokerTrouble): string {
  if (reasonCode !== null) return `MQTT.${reasonCode}`;
  const said = errorCodeOf(fault.cause);
  return said.includes("CERT") || said.includes("ALERT") ? said : fault.code;
}

/** The alarm that a disk leads to which cannot be written. */
export function symptomOfDisk(origin: "state-disk" | "sound-disk", { code, message, hint }: Fault): Symptom {
  const row = { alarm: "disk", class: "disk", traceId: null, debounceMs: shortMs, lasting: true } as const;
  return { ...row, origin, code, message, hint };
}

/** Which side a report of recognition proves well; null: it proves nothing. */
export function wellByReport(report: Report): Origin | null {
  if (report.type === "healthy") return "service";
  // The service answered START: whatever it refused before, it accepts now.
  if (report.type === "session" && report.change === "started") return "service";
  return null;
}

/** Which side an event of the source of sound proves well; null: it proves nothing. */
export function wellByCapture(event: SourceEvent): Origin | null {
  // A microphone that nobody wants to hear has no trouble.
  return event.type === "audio" || (event.type === "muted" && event.muted) ? "recorder" : null;
}
