import type { Capture } from "./capture-watch.ts";

/** After this, what is not there yet is explained and waited for: the agent counts as started. */
export const explanationMs = 15_000;

/**
 * Whether the service counts as started: sound comes in and recognition has got somewhere; or it is known by now what
 * they wait for, and that they wait by themselves. A source that has not said anything at all is neither.
 * @param sessionStands recognition streams, or has said what it waits for
 * @param ageMs since the start
 */
export function isReady(capture: Capture, sessionStands: boolean, ageMs: number): boolean {
  const late = ageMs >= explanationMs;
  const explained = capture.phase === "silent" && capture.code !== null && late;
  return (capture.phase !== "silent" || explained) && (sessionStands || late);
}
