import type { FaultCode } from "../base/fault.ts";

/** What the source of sound says of itself. */
export type CaptureNews =
  | { readonly type: "sound" }
  | { readonly type: "fault"; readonly code: FaultCode }
  /** There will be none: the source is at its end, or silence is what is wanted. */
  | { readonly type: "over" };

/** Whether sound comes in, and since when it does not. Times are monotonic. */
export type Capture =
  | { readonly phase: "silent"; readonly sinceMs: number /** Its latest reason. */; readonly code: FaultCode | null }
  | { readonly phase: "flowing"; readonly lastMs: number }
  | { readonly phase: "over" };

/** Nothing was heard yet. */
export function silentCapture(nowMs: number): Capture {
  return { phase: "silent", sinceMs: nowMs, code: null };
}

export function stepCapture(capture: Capture, news: CaptureNews, nowMs: number): Capture {
  switch (news.type) {
    case "sound":
      return { phase: "flowing", lastMs: nowMs };
    case "over":
      return { phase: "over" };
    case "fault":
      return { phase: "silent", sinceMs: silentSince(capture, nowMs), code: news.code };
  }
}

/** Faults of the recorder itself: a new process may do better. A microphone that is not there comes back by being plugged in. */
const mendedByRestart: ReadonlySet<FaultCode | null> = new Set([
  null,
  "recorder-stalled",
  "recorder-failed",
  "internal",
]);

/** So long the agent tries to mend its recorder by itself. */
export const captureMendingMs = 600_000;

/**
 * Whether the watchdog is to be fed: not if sound has stayed away for ten minutes for a reason that a restart may mend.
 * What becomes of the sound does not matter: a service that is away is no reason to restart.
 */
export function feeds(capture: Capture, nowMs: number): boolean {
  if (capture.phase === "over") return true;
  if (capture.phase === "silent" && !mendedByRestart.has(capture.code)) return true;
  return nowMs - silentSince(capture, nowMs) < captureMendingMs;
}

function silentSince(capture: Capture, nowMs: number): number {
  switch (capture.phase) {
    case "silent":
      return capture.sinceMs;
    case "flowing":
      return capture.lastMs;
    case "over":
      return nowMs;
  }
}
