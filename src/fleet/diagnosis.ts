import type { LossCause } from "../audio/log.ts";
import type { SourceEvent } from "../audio/source.ts";
import type { Fault } from "../base/fault.ts";
import type { Report } from "../recognition/report.ts";
import type { ErrorClass } from "../sis/catalogue.ts";
import type { ErrorReport } from "../sis/error-report.ts";
import type { SpeechError } from "../synthesis/report.ts";
import type { FaultId } from "./known-faults.ts";
import type { AlarmType } from "./schema.ts";
import { type Origin, type Symptom, shortMs, symptomOfKnown } from "./symptom.ts";

// Which report of recognition, of capture and of speech leads to which alarm, and what proves it over. Tables first, the
// few exceptions in the functions below. What sensors tell is in condition.ts, what the broker does in broker-trouble.ts;
// what can be wrong, and what the alarm says then, in known-faults.ts.

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
  // Tried again at once, with what was renewed: that alone is no alarm, whatever failed before it.
  const renewed = error.class === "credentials" && error.retryInMs === 0;
  return {
    alarm: row.alarm,
    origin: "service",
    class: error.class,
    code: error.code,
    message: error.message,
    traceId: error.traceId,
    hint: error.hint,
    debounceMs: renewed ? shortMs : row.debounceMs,
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
  const { code, message, traceId } = error;
  // What is tried again may succeed; what is given up is worth telling at once.
  const debounceMs = error.retryInMs === null ? 0 : shortMs;
  // Nobody may ask for a text again for days: what may have passed by itself does not stand until then.
  const lasting = error.class === "credentials" || error.class === "account" || error.class === "config";
  // The catalogue's words are about recognition, which goes on trying.
  const hint = lasting || error.retryInMs !== null ? error.hint : `A text was given up: say it again. ${error.hint}`;
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
