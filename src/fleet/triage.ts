import type { SourceEvent } from "../audio/source.ts";
import type { DiskListener } from "../base/background-writer.ts";
import type { Clock } from "../base/clock.ts";
import type { Report } from "../recognition/report.ts";
import type { SpeechNews } from "../synthesis/outcome.ts";
import type { AlarmEvent } from "./alarms.ts";
import { type BrokerTrouble, symptomOfBroker } from "./broker-trouble.ts";
import { type Condition, symptomOfCondition, symptomOfDisk } from "./condition.ts";
import {
  symptomOfCapture,
  symptomOfReport,
  symptomOfSpeaker,
  symptomOfSpeechError,
  wellByCapture,
  wellByReport,
} from "./diagnosis.ts";
import type { Origin, Symptom } from "./symptom.ts";

/** Takes what the agent's parts tell, and makes of it trouble, or the proof that one of them is well. */
export interface Triage {
  report(report: Report): void;
  capture(event: SourceEvent): void;
  /** Only what is new is acted upon. */
  notice(condition: Condition): void;
  speech(told: SpeechNews): void;
  broker(trouble: BrokerTrouble): void;
  /** Of the disk on which the fleet's room keeps what is its own. */
  readonly disk: DiskListener;
  well(origin: Origin): void;
}

/**
 * What is wrong with the sound itself, its meter says within this time. If it says nothing, it is well: also where
 * another run of the agent has left an alarm about it.
 */
const soundProvenMs = 12_000;

export function openTriage(clock: Clock, handle: (event: AlarmEvent) => void): Triage {
  /** The code of what was last wrong with each side that has a sensor; null: nothing. */
  const conditions = new Map<Origin, string | null>();
  let soundSinceMs: number | null = null;

  function trouble(symptom: Symptom | null): void {
    if (symptom !== null) handle({ type: "trouble", symptom });
  }

  function well(origin: Origin | null): void {
    if (origin !== null) handle({ type: "well", origin });
  }

  /** Whether sound has flowed for so long without a word of its meter. */
  function isSoundProven(event: SourceEvent): boolean {
    if (event.type !== "audio") {
      soundSinceMs = null;
      return false;
    }
    soundSinceMs ??= clock.monotonicMs();
    return !conditions.has("sound") && clock.monotonicMs() - soundSinceMs >= soundProvenMs;
  }

  function notice(condition: Condition): void {
    const origin = condition.type;
    const symptom = symptomOfCondition(condition);
    const before = conditions.get(origin);
    conditions.set(origin, symptom?.code ?? null);
    if (symptom === null) well(origin);
    else if (symptom.code !== before) trouble(symptom);
  }

  return {
    notice,
    well,
    report(report) {
      trouble(symptomOfReport(report));
      well(wellByReport(report));
    },
    capture(event) {
      trouble(symptomOfCapture(event));
      well(wellByCapture(event));
      if (isSoundProven(event)) notice({ type: "sound", health: "good" });
    },
    speech(told) {
      if ("kind" in told) trouble(symptomOfSpeechError(told));
      else if (told.result === "unheard") trouble(symptomOfSpeaker(told.fault));
      else if (told.result === "fetched") well("speech");
      // What was kept is spoken without the service.
      else if (told.result === "spoken") well("speaker");
    },
    broker: (cause) => trouble(symptomOfBroker(cause)),
    disk(fault) {
      if (fault === null) well("state-disk");
      else trouble(symptomOfDisk("state-disk", fault));
    },
  };
}
