import { randomUUID } from "node:crypto";
import type { Utterance } from "./ear.ts";

/** A message of the service, as it goes out. */
export type Message = { readonly resp_type: string; readonly [field: string]: unknown };

export interface Segment {
  readonly start_time: number;
  readonly end_time: number;
  readonly is_final: unknown;
  readonly result?: { readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export type ErrorCode = "SIS.0032" | "SIS.0033" | "SIS.0302" | "SIS.0303" | "SIS.0304" | "SIS.30006";

const errorWords: Readonly<Record<ErrorCode, string>> = {
  "SIS.0032": "invalid request",
  "SIS.0033": "internal error",
  "SIS.0302": "recognise failed",
  "SIS.0303": "服务内部错误",
  "SIS.0304": "wait voice timeout",
  "SIS.30006": "audio decoding failed",
};

/** What the service says in one session, all with the session's own trace. */
export function voice(traceId = randomUUID()) {
  const say = (resp_type: string, fields: object): Message => ({ resp_type, trace_id: traceId, ...fields });
  return {
    start: () => say("START", {}),
    event: (event: string, timestamp: number) => say("EVENT", { event, timestamp }),
    result: (...segments: readonly Segment[]) => say("RESULT", { segments }),
    end: (reason: "NORMAL" | "CANCEL" | "ERROR") => say("END", { reason }),
    error: (error_code: ErrorCode) => say("ERROR", { error_code, error_msg: errorWords[error_code] }),
    fatal: (error_code: ErrorCode) => say("FATAL_ERROR", { error_code, error_msg: errorWords[error_code] }),
  };
}

export type Voice = ReturnType<typeof voice>;

export function segmentOf({ startMs, endMs, digits }: Utterance, final: boolean, withWords: boolean): Segment {
  const words = digits.map(({ digit, ...place }) => ({
    start_time: Math.round(place.startMs),
    end_time: Math.round(place.endMs),
    word: digit,
  }));
  return {
    start_time: startMs,
    end_time: endMs,
    is_final: final,
    result: {
      text: digits.map(({ digit }) => digit).join(""),
      score: final ? 0.93 : 0,
      ...(withWords && { word_info: words }),
    },
  };
}

/** A message with each of its segments changed. */
export function withSegments(message: Message, change: (segment: Segment) => Segment): Message {
  return "segments" in message ? { ...message, segments: segmentsOf(message).map(change) } : message;
}

export function segmentsOf(message: Message): readonly Segment[] {
  return message.resp_type === "RESULT" ? (message["segments"] as readonly Segment[]) : [];
}

/** A message with the result of each of its segments changed. */
export function withResults(message: Message, change: (result: NonNullable<Segment["result"]>) => object): Message {
  return withSegments(message, (segment) =>
    segment.result === undefined ? segment : { ...segment, result: { ...change(segment.result) } },
  );
}
