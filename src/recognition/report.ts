import type { LossCause } from "../audio/log.ts";
import type { Action, ErrorClass } from "../sis/catalogue.ts";

/** What recognition is doing, in the words of the fleet's `up/state`. */
export type RecognitionPhase = "listening" | "streaming" | "backing-off" | "held" | "stopped";

/** How an error reached us. The first two are the service's own words for it. */
export type ErrorKind = "ERROR" | "FATAL_ERROR" | "REFUSED" | "UNREACHABLE" | "LOST" | "PROTOCOL";

/** One error, classified: what `up/event/error` and the alarms are made of. */
export interface ErrorReport {
  readonly kind: ErrorKind;
  /** The service's or gateway's code (`SIS.0304`, `APIGW.0301`), `HTTP.503`, or a fault code (`link-dead`). */
  readonly code: string;
  /** Bounded and printable. */
  readonly message: string;
  readonly traceId: string | null;
  readonly class: ErrorClass;
  /** What the agent does about it. */
  readonly action: Action;
  /** Failures in a row, this one included. */
  readonly attempt: number;
  /** When it tries again; null: not by itself. */
  readonly retryInMs: number | null;
  /** What a person should do. */
  readonly hint: string;
}

/** A recognised piece of speech. Times are those of the speech itself, whenever it was delivered. */
export interface Transcript {
  /** The same if the same speech is ever published twice: made of the stream and the position in it. */
  readonly id: string;
  /** Wall clock, ms since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** 0..1; 0 while interim. */
  readonly score: number;
  readonly final: boolean;
  readonly words: readonly { readonly word: string; readonly startMs: number; readonly endMs: number }[];
  readonly property: string;
  readonly traceId: string | null;
  /** Our id of the recognition session. */
  readonly session: string;
  /** The speech was captured by an earlier run of the agent, which left it on disk. */
  readonly resumed: boolean;
}

/** Everything recognition tells the rest of the agent. */
export type Report =
  | {
      readonly type: "phase";
      readonly phase: RecognitionPhase;
      readonly reason: string;
      readonly retryInMs: number | null;
    }
  | { readonly type: "error"; readonly error: ErrorReport }
  | {
      readonly type: "session";
      readonly change: "started" | "ended";
      readonly session: string;
      readonly traceId: string | null;
      /** Why it ended, in words; "started" for a start. */
      readonly reason: string;
    }
  /** The connection has proved useful: a session has streamed for a while without an error. Alarms may clear. */
  | { readonly type: "healthy" }
  | { readonly type: "transcript"; readonly transcript: Transcript }
  /** Audio that was captured and will never be recognised. */
  | {
      readonly type: "gap";
      readonly lostMs: number;
      readonly fromMs: number;
      readonly toMs: number;
      readonly cause: LossCause;
    };
