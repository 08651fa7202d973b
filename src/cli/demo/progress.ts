import { type Level, levelOf, silenceDbfs, tallyOf } from "../../audio/level.ts";
import type { SourceEvent } from "../../audio/source.ts";
import type { Instant } from "../../base/clock.ts";
import type { Fault } from "../../base/fault.ts";
import { jsonOf } from "../../base/json.ts";
import { alarmPayload, errorEventPayload } from "../../fleet/schema.ts";
import type { RecognitionPhase, Report } from "../../recognition/report.ts";
import type { PublishedMessage } from "../../simulator/broker.ts";
import type { Happening } from "./happening.ts";

/** What is known of a running demo: the happenings so far, summed up. */
export interface Progress {
  readonly phase: "starting" | RecognitionPhase;
  readonly reason: string;
  /** The back-off that runs; null: none. Monotonic. */
  readonly wait: { readonly fromMs: number; readonly untilMs: number } | null;
  /** What keeps the sound away; null: nothing. */
  readonly fault: Fault | null;
  /** Sound that the agent has got, ms. */
  readonly soundMs: number;
  readonly level: Level;
  /** The words of the final transcripts, in the order in which they came. */
  readonly words: readonly string[];
  /** How many of them came with a transcript whose id had come before: the same speech again. */
  readonly repeated: number;
  readonly ids: ReadonlySet<string>;
  /** How long ago the latest words were spoken when they came, ms. */
  readonly lagMs: number;
  /** Sound that will never be recognised, ms. */
  readonly lostMs: number;
  /** ERROR and FATAL_ERROR as the fleet was told of them, by the events' numbers. */
  readonly errors: ReadonlySet<number>;
  readonly fatalErrors: ReadonlySet<number>;
  /** Alarms as the fleet was told of them, by their ids. */
  readonly raised: ReadonlySet<string>;
  readonly cleared: ReadonlySet<string>;
}

export const noProgress: Progress = {
  phase: "starting",
  reason: "connecting",
  wait: null,
  fault: null,
  soundMs: 0,
  level: { rmsDbfs: silenceDbfs, peakDbfs: silenceDbfs },
  words: [],
  repeated: 0,
  ids: new Set(),
  lagMs: 0,
  lostMs: 0,
  errors: new Set(),
  fatalErrors: new Set(),
  raised: new Set(),
  cleared: new Set(),
};

/** @param sampleRate of the sound, Hz */
export function stepProgress(progress: Progress, what: Happening, now: Instant, sampleRate: number): Progress {
  switch (what.type) {
    case "scene":
      return progress;
    case "report":
      return withReport(progress, what.report, now);
    case "capture":
      return withCapture(progress, what.event, sampleRate);
    case "published":
      return withMessage(progress, what.message);
  }
}

function withReport(progress: Progress, report: Report, now: Instant): Progress {
  switch (report.type) {
    case "phase": {
      const { phase, reason, retryInMs } = report;
      const wait = retryInMs === null ? null : { fromMs: now.monotonicMs, untilMs: now.monotonicMs + retryInMs };
      return { ...progress, phase, reason, wait };
    }
    case "transcript": {
      const { final, text, id, endMs } = report.transcript;
      const words = text.split(/\s+/).filter((word) => word !== "");
      if (!final || words.length === 0) return progress;
      return {
        ...progress,
        words: [...progress.words, ...words],
        repeated: progress.repeated + (progress.ids.has(id) ? words.length : 0),
        ids: new Set(progress.ids).add(id),
        lagMs: now.wallMs - endMs,
      };
    }
    case "gap":
      return { ...progress, lostMs: progress.lostMs + report.lostMs };
    case "error":
    case "session":
    case "healthy":
      return progress;
  }
}

function withCapture(progress: Progress, event: SourceEvent, sampleRate: number): Progress {
  switch (event.type) {
    case "audio": {
      const soundMs = progress.soundMs + (event.samples.length * 1000) / sampleRate;
      return { ...progress, soundMs, level: levelOf(tallyOf(event.samples)), fault: null };
    }
    case "interrupted":
    case "ended":
      return { ...progress, level: noProgress.level, fault: event.fault };
    case "opened":
    case "overrun":
    case "muted":
      return progress;
  }
}

function withMessage(progress: Progress, { topic, payload }: PublishedMessage): Progress {
  const [, , , , , kind, type] = topic.split("/");
  const content = jsonOf(payload);
  if (kind === "alarm") {
    const alarm = alarmPayload.safeParse(content).data;
    if (alarm === undefined) return progress;
    if (alarm.status === "cleared") return { ...progress, cleared: new Set(progress.cleared).add(alarm.id) };
    return { ...progress, raised: new Set(progress.raised).add(alarm.id) };
  }
  if (kind === "event" && type === "error") {
    const error = errorEventPayload.safeParse(content).data;
    if (error?.resp_type === "ERROR") return { ...progress, errors: new Set(progress.errors).add(error.seq) };
    if (error?.resp_type === "FATAL_ERROR") {
      return { ...progress, fatalErrors: new Set(progress.fatalErrors).add(error.seq) };
    }
  }
  return progress;
}
