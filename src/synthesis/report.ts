import type { ErrorReport } from "../sis/error-report.ts";

/**
 * One failure to get a piece of speech. Its message never has the text that was to be spoken; it is tried anew, tried with fresh
 * credentials, or given up (hold); failures are counted for each piece.
 */
export interface SpeechError extends ErrorReport {
  /** Some of the piece has been heard already; it will be heard from its beginning again. */
  readonly heard: boolean;
}

/** What the service did that its protocol does not have. Counted and logged under these names. */
export type SpeechIrregularity = "sound-before-start" | "start-answered-twice" | "stray-reply" | "malformed-message";
