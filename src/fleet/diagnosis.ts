import type { SoundHealth } from "../audio/level.ts";
import type { LossCause } from "../audio/log.ts";
import type { SourceEvent } from "../audio/source.ts";
import type { Fault } from "../base/fault.ts";
import type { ErrorReport, Report } from "../recognition/report.ts";
import type { ErrorClass } from "../sis/catalogue.ts";
import type { SpeechError } from "../synthesis/report.ts";
import type { EndClass } from "./broker-policy.ts";
import type { AlarmType } from "./schema.ts";

// Which report leads to which alarm, and what proves it over. Tables first, the few exceptions in the functions below.

/** Where trouble is seen; only good news from the same side ends it. */
export const origins = ["service", "recorder", "sound", "audio", "broker", "speech", "speaker"] as const;
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

const byEndClass: Readonly<Record<EndClass, AlarmType | null>> = {
  network: null, // no broker, no one to tell: the log says it
  busy: null,
  credentials: "credentials",
  config: "config",
  identity: "identity",
};

const twinHint =
  "Look for another device with this device_id, and give one of them another; if there is none, look in the broker's log.";

/** What the level meter finds, and a person should know. */
const bySoundHealth: Readonly<Record<SoundHealth, { readonly message: string; readonly hint: string } | null>> = {
  good: null,
  clipping: {
    message: "the microphone's sound is cut off at full scale",
    hint: "Turn the microphone's gain down (alsamixer, F4), or move it away from what is so loud.",
  },
  dead: {
    message: "the microphone delivers the same value all the time: no sound",
    hint: "Look for a mute switch on the microphone and in alsamixer (F4), and check that audio.device is the right one.",
  },
};

/** What to do about sound that will never be recognised. */
const lossHints: Readonly<Record<LossCause, string>> = {
  "buffer-full": "Look for the outage that came before; a larger buffer (buffer.memory_seconds) bridges a longer one.",
  unreadable: "The service answered with what this program cannot read: look in the log, and for a newer version.",
  stopped: "The agent was stopped while sound still waited for the service: look for an outage before the stop.",
  capture: "The recorder was away: check the microphone and its cable.",
  overrun: "The machine is too busy to record in time: look for other load, slow storage, low power.",
  unrecognised: "The service found no words in it: look for noise near the microphone.",
};

/** The alarm that a classified error of recognition leads to. */
function symptomOfError(error: ErrorReport): Symptom {
  const row = byErrorClass[error.class];
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
    case "gap":
      // The service had no words for it, three times: noise as a rule. An event, no alarm.
      if (report.cause === "unrecognised") return null;
      return {
        alarm: "audio-loss",
        origin: "audio",
        class: "audio-loss",
        code: "audio-gap",
        message: `${Math.round(report.lostMs)} ms of sound will never be recognised: ${report.cause}`,
        traceId: null,
        hint: lossHints[report.cause],
        debounceMs: 0,
        lasting: false,
      };
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
    case "overrun":
      return {
        ...capture,
        code: "overrun",
        message: `the recorder dropped at least ${Math.round(event.lostMs)} ms of sound`,
        hint: lossHints.overrun,
        debounceMs: shortMs,
        lasting: false,
      };
    case "opened":
    case "audio":
      return null;
  }
}

/** The alarm that a finding of the level meter leads to; null: none. */
export function symptomOfSound(health: SoundHealth): Symptom | null {
  const found = bySoundHealth[health];
  if (found === null) return null;
  return {
    ...found,
    alarm: "capture",
    origin: "sound",
    class: "capture",
    code: `microphone-${health}`,
    traceId: null,
    debounceMs: 0,
    lasting: true,
  };
}

/** The alarm that a failure of speech synthesis leads to. The microphone has no part in it. */
export function symptomOfSpeechError(error: SpeechError): Symptom {
  const noSound = error.class === "silence" || error.class === "audio";
  const row = byErrorClass[noSound ? "service" : error.class];
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
    origin: "broker",
    class: alarm,
    code: trouble.reasonCode === null ? trouble.fault.code : `MQTT.${trouble.reasonCode}`,
    message: trouble.fault.message,
    traceId: null,
    hint: trouble.fault.hint || (alarm === "identity" ? twinHint : ""),
    debounceMs: 0,
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
  return event.type === "audio" ? "recorder" : null;
}
