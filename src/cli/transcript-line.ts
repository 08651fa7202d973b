import { transcriptPayload } from "../fleet/payloads.ts";
import type { Transcript } from "../recognition/report.ts";

/**
 * A transcript as a line of `--stdout jsonl`: the fields of the fleet's `up/transcript`. What else than a line feed some
 * readers end a line at is escaped, as JSON allows.
 */
export function transcriptLine(transcript: Transcript, nowMs: number): string {
  const text = JSON.stringify({ type: "transcript", ...transcriptPayload(transcript, nowMs) });
  return text.replaceAll(/[\u0085\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
