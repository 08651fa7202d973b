import type { LossCause } from "../audio/log.ts";
import type { ErrorReport } from "../sis/error-report.ts";

/** What recognition is doing, in the words of the fleet's `up/state`. */
export type RecognitionPhase = "listening" | "streaming" | "backing-off" | "held" | "stopped";

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
