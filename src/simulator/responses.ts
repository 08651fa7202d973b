import type { Word } from "./segment.ts";

/** What the service says, as it is on the wire. */
export type Response =
  | { readonly resp_type: "START"; readonly trace_id: string }
  | { readonly resp_type: "EVENT"; readonly trace_id: string; readonly event: EventName; readonly timestamp: number }
  | { readonly resp_type: "RESULT"; readonly trace_id: string; readonly segments: readonly WireSegment[] }
  | ErrorResponse
  | {
      readonly resp_type: "FATAL_ERROR";
      readonly trace_id: string;
      readonly error_code: string;
      readonly error_msg: string;
    }
  | { readonly resp_type: "END"; readonly trace_id: string; readonly reason: string };

export interface ErrorResponse {
  readonly resp_type: "ERROR";
  /** "In some cases this field may be missing." */
  readonly trace_id?: string;
  readonly error_code: string;
  readonly error_msg: string;
}

export type EventName = "VOICE_START" | "VOICE_END" | "EXCEEDED_SILENCE" | "EXCEEDED_AUDIO";

export interface WireSegment {
  /** ms in the session. */
  readonly start_time: number;
  readonly end_time: number;
  readonly is_final: boolean;
  /** Missing on a segment that could not be recognised. */
  readonly result?: {
    readonly text: string;
    /** 0.0 while interim. */
    readonly score: number;
    readonly word_info?: readonly { readonly start_time: number; readonly end_time: number; readonly word: string }[];
  };
}

/** How a segment's words become a result. */
export interface ResultStyle {
  readonly punctuation: boolean;
  readonly wordInfo: boolean;
}

/** A segment with its result. Words are joined by a space; a final text ends with `。` where punctuation is asked for. */
export function wireSegment(
  startMs: number,
  endMs: number,
  words: readonly Word[],
  isFinal: boolean,
  style: ResultStyle,
): WireSegment {
  const text = words.map((word) => word.text).join(" ");
  const score = words.reduce((sum, word) => sum + word.score, 0) / Math.max(1, words.length);
  return {
    start_time: Math.round(startMs),
    end_time: Math.round(endMs),
    is_final: isFinal,
    result: {
      text: isFinal && style.punctuation && text !== "" ? `${text}。` : text,
      score: isFinal ? Math.round(Math.min(1, score) * 1000) / 1000 : 0,
      ...(style.wordInfo && {
        word_info: words.map((word) => ({
          start_time: Math.round(word.startMs),
          end_time: Math.round(word.endMs),
          word: word.text,
        })),
      }),
    },
  };
}

/** What the service means by its codes, for errors that come without words of their own. */
const meanings: Readonly<Record<string, string>> = {
  "SIS.0001": "connection error",
  "SIS.0012": "a required field is missing",
  "SIS.0031": "the request parameter is not supported",
  "SIS.0032": "the request is invalid",
  "SIS.0033": "engine response timeout",
  "SIS.0100": "internal service error",
  "SIS.0101": "token verification failed",
  "SIS.0201": "the hot-word table was not found",
  "SIS.0301": "audio_format does not match the model",
  "SIS.0302": "internal service error",
  "SIS.0303": "connect engine failed",
  "SIS.0304": "wait voice timeout",
  "SIS.0305": "recognition error",
  "SIS.0306": "recognition error",
  "SIS.0307": "recognition error",
  "SIS.0401": "synthesis error",
  "SIS.0412": "connect engine failed",
  "SIS.0413": "internal service error",
  "SIS.0414": "engine response timeout",
  "SIS.0416": "wait text timeout",
  "SIS.0417": "engine error",
  "SIS.0418": "the command is out of sequence",
  "SIS.30006": "audio decoding failed",
  "SIS.30008": "recognition error",
};

/** The `error_msg` of a code; "***", as in the vendor's example, for one without a meaning here. */
export function errorMessage(code: string): string {
  return meanings[code] ?? "***";
}
