import { Fault, printable } from "../base/fault.ts";
import type { JsonObject } from "../base/json.ts";
import { diagnose } from "./catalogue.ts";
import { numberOf, objectOf, wordsOf } from "./json.ts";

/** What the service says, one message of its own. Source: SIS real-time ASR, the response pages. */
export type Reply =
  /** The session has begun: audio may flow. */
  | { readonly type: "START"; readonly traceId: string | null }
  | {
      readonly type: "EVENT";
      readonly event: ServiceEvent;
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
type ServiceEvent = "VOICE_START" | "VOICE_END" | "EXCEEDED_SILENCE" | "EXCEEDED_AUDIO";

/** Why a session ended; OTHER: a word that is not documented, or none (the session is over all the same). */
type EndReason = "NORMAL" | "CANCEL" | "ERROR" | "OTHER";

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
    /** Empty unless need_word_info was asked for. */
    readonly words: readonly Word[];
  } | null;
}

/** A word and when it was spoken, ms from the session's first sample. */
interface Word {
  readonly startMs: number;
  readonly endMs: number;
  readonly word: string;
}

/** Messages longer than this, in bytes, are not looked into. */
export const maxReplyBytes = 1024 * 1024;

/** The code of an error in which the service gave none. */
const unnamedErrorCode = "UNNAMED";

/** What is beyond this is not speech, but a fault of the sender: times in ms, lengths in UTF-16 units. */
const bounds = { timeMs: 24 * 60 * 60 * 1000, earlyMs: 1000, segments: 1000, words: 1000, text: 10_000, word: 200 };

/**
 * A message of the service as a Reply, or as a Fault (wire-binary, wire-oversized, wire-bad-json, wire-unknown-type,
 * wire-bad-message) where it is none. Never throws. Codes, messages and trace ids come out bounded and printable;
 * recognised text exactly as it came, of bounded length. An error about which the service says nothing has the words of
 * the catalogue.
 *
 * Liberal: unknown fields are ignored, optional ones may be absent or null, numbers may be strings, `is_final` may be
 * "true" or "yes". An ERROR or END without its details still counts: to overlook that a session is over does more harm
 * than not to know why. A score or a list of words that cannot be relied on is left out rather than the text with them.
 * Strict: a RESULT in which a segment's time, its text or `is_final` is wrong is refused whole, because what it says
 * about the audio that is done with would be a guess.
 */
export function decodeReply(data: Buffer, isBinary: boolean): Reply | Fault {
  if (isBinary)
    return new Fault("wire-binary", `the service sent ${data.length} bytes of binary where only text is due`);
  if (data.length > maxReplyBytes) {
    return new Fault(
      "wire-oversized",
      `the service sent a message of ${data.length} bytes, more than ${maxReplyBytes}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(data.toString("utf8"));
  } catch {
    return new Fault("wire-bad-json", `the service sent ${data.length} bytes of text that is not JSON`);
  }
  const message = objectOf(value);
  if (message === null) return new Fault("wire-bad-message", "the service sent JSON that is not an object");
  try {
    return replyOf(message);
  } catch (error) {
    if (error instanceof Fault) return error;
    return new Fault("wire-bad-message", "the service sent a message that cannot be read", { cause: error });
  }
}

function replyOf(message: JsonObject): Reply {
  const type = message["resp_type"];
  const traceId = wordsOf(message["trace_id"], 100);
  switch (type) {
    case "START":
      return { type, traceId };
    case "EVENT":
      return { type, event: eventOf(message["event"]), traceId };
    case "RESULT":
      return { type, traceId, segments: segmentsIn(message["segments"]) };
    case "ERROR":
    case "FATAL_ERROR": {
      const code = wordsOf(message["error_code"], 64) ?? unnamedErrorCode;
      return { type, code, message: wordsOf(message["error_msg"], 300) ?? diagnose(code).meaning, traceId };
    }
    case "END":
      return { type, reason: reasonOf(message["reason"]), traceId };
    default:
      if (typeof type !== "string") throw bad("resp_type is missing");
      throw new Fault("wire-unknown-type", `the service sent a message of unknown type ${printable(type, 40)}`);
  }
}

function eventOf(value: unknown): ServiceEvent {
  switch (value) {
    case "VOICE_START":
    case "VOICE_END":
    case "EXCEEDED_SILENCE":
    case "EXCEEDED_AUDIO":
      return value;
    // Spelt like this in the table of "SIS real-time ASR, event response".
    case "VOICE_STAR":
      return "VOICE_START";
    default:
      if (typeof value !== "string") throw bad("event is missing");
      throw new Fault("wire-unknown-type", `the service sent an unknown event ${printable(value, 40)}`);
  }
}

function reasonOf(value: unknown): EndReason {
  return value === "NORMAL" || value === "CANCEL" || value === "ERROR" ? value : "OTHER";
}

function segmentsIn(value: unknown): Segment[] {
  if (!Array.isArray(value)) throw bad("segments is not a list");
  if (value.length > bounds.segments) throw bad(`${value.length} segments are more than ${bounds.segments}`);
  return value.map(segmentOf);
}

function segmentOf(value: unknown): Segment {
  const segment = objectOf(value);
  if (segment === null) throw bad("a segment is not an object");
  return { ...spanOf(segment), isFinal: flagOf(segment["is_final"]), result: resultOf(segment["result"]) };
}

function resultOf(value: unknown): Segment["result"] {
  if (value === undefined || value === null) return null;
  const result = objectOf(value);
  if (result === null) throw bad("a result is not an object");
  if (result["text"] === undefined || result["text"] === null) return null;
  return {
    text: textOf(result["text"], bounds.text),
    score: Math.min(1, Math.max(0, numberOf(result["score"]) ?? 0)) + 0,
    words: wordsIn(result["word_info"]),
  };
}

function wordsIn(value: unknown): Word[] {
  if (!Array.isArray(value) || value.length > bounds.words) return [];
  const words = value.map(wordOf);
  return words.every((word) => word !== null) ? words : [];
}

function wordOf(value: unknown): Word | null {
  const fields = objectOf(value);
  const word = fields?.["word"];
  const startMs = timeOf(fields?.["start_time"]);
  const endMs = timeOf(fields?.["end_time"]);
  const usable = typeof word === "string" && word.length <= bounds.word && startMs !== null && endMs !== null;
  return usable && startMs <= endMs ? { startMs, endMs, word } : null;
}

function spanOf(segment: JsonObject): { startMs: number; endMs: number } {
  const startMs = timeOf(segment["start_time"]);
  const endMs = timeOf(segment["end_time"]);
  if (startMs === null || endMs === null) throw bad("a segment has no usable time");
  if (endMs < startMs) throw bad("a segment ends before it starts");
  return { startMs, endMs };
}

/** A start that is reckoned back from what was heard may be a little before the session's: that is its beginning. */
function timeOf(value: unknown): number | null {
  const time = numberOf(value);
  return time === null || time < -bounds.earlyMs || time > bounds.timeMs ? null : Math.max(0, Math.round(time));
}

function flagOf(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "yes") return true;
  if (value === "false" || value === "no") return false;
  throw bad("is_final is neither true nor false");
}

function textOf(value: unknown, maxLength: number): string {
  if (typeof value !== "string") throw bad("text is not text");
  if (value.length > maxLength) throw bad(`text is longer than ${maxLength}`);
  return value;
}

function bad(why: string): Fault {
  return new Fault("wire-bad-message", `the service sent a message that cannot be used: ${why}`);
}
