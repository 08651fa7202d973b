import type { Action, ErrorClass } from "../sis/catalogue.ts";

/** How trouble reached us. The first two are the service's own words for it. */
export type SpeechErrorKind = "ERROR" | "FATAL_ERROR" | "REFUSED" | "UNREACHABLE" | "LOST" | "PROTOCOL";

/** One failure to get a piece of speech, classified: what events and alarms are made of. */
export interface SpeechError {
  readonly kind: SpeechErrorKind;
  /** The service's or gateway's code (`SIS.0412`), `HTTP.503`, or a fault code (`link-dead`). */
  readonly code: string;
  /** Bounded and printable; never the text that was to be spoken. */
  readonly message: string;
  readonly traceId: string | null;
  readonly class: ErrorClass;
  /** What is done about it: reconnect, renew-credentials, or hold (this text is given up). */
  readonly action: Action;
  /** Failures of this piece of text, this one included. */
  readonly attempt: number;
  /** When it is tried again; null: it is not. */
  readonly retryInMs: number | null;
  /** Some of the piece has been heard already; it will be heard from its beginning again. */
  readonly heard: boolean;
  readonly hint: string;
}

/** What the service did that its protocol does not have. Counted and logged under these names. */
export type SpeechIrregularity = "sound-before-start" | "start-answered-twice" | "stray-reply" | "malformed-message";
