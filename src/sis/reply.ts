import { Fault } from "../base/fault.ts";

/** What the service says, one message of its own. Source: SIS real-time ASR, the response pages. */
export type Reply =
  /** The session has begun: audio may flow. */
  | { readonly type: "START"; readonly traceId: string | null }
  | {
      readonly type: "EVENT";
      readonly event: ServiceEvent;
      /** Position in the session, ms; reserved by the service, so often absent. */
      readonly timestampMs: number | null;
      readonly traceId: string | null;
    }
  | { readonly type: "RESULT"; readonly traceId: string | null; readonly segments: readonly Segment[] }
  /**
   * This session cannot go on, the connection can. In a session, an END (reason ERROR) follows; outside one nothing
   * does. Audio is ignored until the next START. Source: SIS real-time ASR, "error response".
   */
  | { readonly type: "ERROR"; readonly code: string; readonly message: string; readonly traceId: string | null }
  /** Nothing can go on; the service itself disconnects. Source: SIS, "fatal error response". */
  | { readonly type: "FATAL_ERROR"; readonly code: string; readonly message: string; readonly traceId: string | null }
  | { readonly type: "END"; readonly reason: EndReason; readonly traceId: string | null };

/** VOICE_*: speech began, ended. EXCEEDED_*: audio sent after it is ignored (silence: sentence mode only). */
export type ServiceEvent = "VOICE_START" | "VOICE_END" | "EXCEEDED_SILENCE" | "EXCEEDED_AUDIO";

/** Why a session ended; OTHER: a word that is not documented (the session is over all the same). */
export type EndReason = "NORMAL" | "CANCEL" | "ERROR" | "OTHER";

/** A stretch of recognised sound. Times are ms from the session's first sample. */
export interface Segment {
  readonly startMs: number;
  readonly endMs: number;
  readonly isFinal: boolean;
  /** null: the service failed to recognise the segment. */
  readonly result: {
    readonly text: string;
    /** 0..1; 0 while interim. */
    readonly score: number;
    readonly words: readonly { readonly startMs: number; readonly endMs: number; readonly word: string }[];
  } | null;
}

/** Messages longer than this, in bytes, are not looked into. */
export const maxReplyBytes = 1024 * 1024;

/**
 * A message of the service as a Reply, or as a Fault (`wire-*`) where it is none. Never throws. Codes, messages and
 * trace ids come out bounded and printable; recognised text as it is, bounded.
 */
export function decodeReply(_data: Buffer, _isBinary: boolean): Reply | Fault {
  return new Fault("internal", "not yet");
}
