import type { Instant } from "../../src/base/clock.ts";
import type { Happening } from "../../src/cli/demo/happening.ts";
import { noProgress, type Progress, stepProgress } from "../../src/cli/demo/progress.ts";
import type { Transcript } from "../../src/recognition/report.ts";
import type { ErrorReport } from "../../src/sis/error-report.ts";

/** Half past nine, local time, on a day without a change of clocks. */
export const wallMs = new Date(2026, 0, 2, 9, 30, 0).getTime();

export function at(ms: number): Instant {
  return { wallMs: wallMs + ms, monotonicMs: ms };
}

export function transcript(text: string, spokenAtMs: number, id = `id-${text}`): Happening {
  const what: Transcript = {
    id,
    startMs: wallMs + spokenAtMs,
    endMs: wallMs + spokenAtMs + 360,
    text,
    score: 0.9,
    final: true,
    words: [],
    property: "chinese_16k_general",
    traceId: null,
    session: "session",
    resumed: false,
  };
  return { type: "report", report: { type: "transcript", transcript: what } };
}

export function error(kind: ErrorReport["kind"], code: string, retryInMs: number | null, attempt = 1): Happening {
  return {
    type: "report",
    report: {
      type: "error",
      error: {
        kind,
        code,
        message: "connect engine failed",
        traceId: null,
        class: "service",
        action: "back-off",
        attempt,
        retryInMs,
        hint: "wait",
      },
    },
  };
}

export function backingOff(retryInMs: number): Happening {
  return { type: "report", report: { type: "phase", phase: "backing-off", reason: "SIS.0303 away", retryInMs } };
}

export const streams: Happening = {
  type: "report",
  report: { type: "phase", phase: "streaming", reason: "the service recognises", retryInMs: null },
};

/** `ms` of a square wave. */
export function sound(ms: number, amplitude = 0): Happening {
  return { type: "capture", event: { type: "audio", samples: new Int16Array(ms * 16).fill(amplitude) } };
}

export function published(topic: string, payload: object | string): Happening {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const message = { topic: `sis/v1/demo/kiosk-17/up/${topic}`, payload: Buffer.from(text), retain: false };
  return { type: "published", message };
}

const stamp = { v: 1, ts: "2026-01-02T09:30:00.000Z" };

export function alarmMessage(id: string, status: "active" | "cleared"): Happening {
  return published("alarm/service", {
    ...stamp,
    id,
    status,
    severity: "major",
    class: "service",
    code: "SIS.0303",
    message: "connect engine failed",
    trace_id: null,
    first: stamp.ts,
    last: stamp.ts,
    count: 2,
    flapping: false,
    hint: "See the vendor's status page.",
  });
}

export function errorMessage(resp_type: string, seq: number): Happening {
  return published("event/error", {
    ...stamp,
    seq,
    boot: "boot",
    replayed: false,
    resp_type,
    error_code: "SIS.0303",
    error_msg: "connect engine failed",
    trace_id: "trace",
    class: "service",
    action: "back-off",
    attempt: 1,
    retry_in_ms: 500,
    hint: "See the vendor's status page.",
  });
}

/** The progress after these happenings, a second apart. */
export function after(...happenings: readonly Happening[]): Progress {
  return happenings.reduce(
    (progress, what, index) => stepProgress(progress, what, at(index * 1_000), 16_000),
    noProgress,
  );
}
