import { randomUUID } from "node:crypto";
import type { Habits } from "./habits.ts";
import { type Message, type Segment, segmentsOf, withResults, withSegments } from "./messages.ts";

type Rephrasing = Habits["rephrasing"];

const plainly =
  (change: (message: Message) => Message): Rephrasing =>
  () =>
  (message) => [change(message)];

/** One rephrasing after the other. */
export function both(first: Rephrasing, second: Rephrasing): Rephrasing {
  return () => {
    const [one, two] = [first(), second()];
    return (message) => one(message).flatMap(two);
  };
}

export const traceOfConnection: Rephrasing = () => {
  const trace_id = randomUUID();
  return (message) => [{ ...message, trace_id }];
};

export const traceOfMessage = plainly((message) => ({ ...message, trace_id: randomUUID() }));

export const noTrace = plainly(({ trace_id: _trace, ...message }) => message);

/** Segments that begin before their speech does: the first consonant is not to be cut. */
export const preRoll = (ms: number) =>
  plainly((message) =>
    withSegments(message, (segment) => ({ ...segment, start_time: Math.max(0, segment.start_time - ms) })),
  );

/** Segments that end when their end was noticed. */
export const endWithTail = (ms: number) =>
  plainly((message) => withSegments(message, (segment) => ({ ...segment, end_time: segment.end_time + ms })));

/** Segments that end before the last of their speech is over. */
export const endEarly = (ms: number) =>
  plainly((message) =>
    withSegments(message, (segment) => ({ ...segment, end_time: Math.max(segment.start_time, segment.end_time - ms) })),
  );

export const rounded = (ms: number) =>
  plainly((message) =>
    withSegments(message, (segment) => ({
      ...segment,
      start_time: Math.round(segment.start_time / ms) * ms,
      end_time: Math.ceil(segment.end_time / ms) * ms,
    })),
  );

/** Each RESULT tells the segment before it once more. */
export const repeating: Rephrasing = () => {
  let before: readonly Segment[] = [];
  return (message) => {
    const segments = segmentsOf(message);
    if (segments.length === 0) return [message];
    const again = before;
    before = segments;
    return [{ ...message, segments: [...again, ...segments] }];
  };
};

export const scoreAsText = plainly((message) =>
  withResults(message, (result) => ({ ...result, score: String(result["score"]) })),
);

export const noScore = plainly((message) => withResults(message, ({ score: _score, ...result }) => result));

export const finalAsText = plainly((message) =>
  withSegments(message, (segment) => ({ ...segment, is_final: String(segment.is_final) })),
);

/** What could not be understood has no result at all. */
export const failedWithoutResult = plainly((message) =>
  withSegments(message, ({ result, ...segment }) =>
    result?.["text"] === "" ? segment : { ...segment, ...{ result } },
  ),
);

/** Fields of a later version of the service. */
export const moreFields = plainly((message) => ({
  api_version: "2.7",
  request: { id: 17, tags: ["语音", null, 0.5], nested: { deep: [{}] } },
  ...withResults(
    withSegments(message, (segment) => ({ speaker: "说话人一", emotion: null, ...segment })),
    (result) => ({ ...result, language: "zh-CN", alternatives: [{ text: "九九九九", score: 0.2 }] }),
  ),
}));

/** Messages of a later version of the service, around each known one. */
export const moreMessages: Rephrasing = () => (message) => [
  { resp_type: "PROGRESS", trace_id: message["trace_id"], percent: 42 },
  ...(message.resp_type === "RESULT" ? [{ ...message, segments: [] }] : []),
  message,
  { resp_type: "STATISTICS", segments: [{ start_time: 0, end_time: 1, is_final: true, result: { text: "7777" } }] },
];
