import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault, type FaultCode } from "../../src/base/fault.ts";
import { decodeReply, maxReplyBytes, type Reply, type Segment } from "../../src/sis/reply.ts";

const traceId = "567e8537-a89c-13c3-a882-826321939651";

function decode(message: unknown): Reply | Fault {
  return decodeReply(Buffer.from(JSON.stringify(message)), false);
}

/** A RESULT of one segment, with some of its fields replaced. */
function resultWith(fields: Record<string, unknown>): unknown {
  const result = { text: "你好", score: 0.9 };
  return {
    resp_type: "RESULT",
    trace_id: traceId,
    segments: [{ start_time: 100, end_time: 1500, is_final: true, result, ...fields }],
  };
}

function onlySegment(reply: Reply | Fault): Segment {
  assert.ok(!(reply instanceof Fault) && reply.type === "RESULT", JSON.stringify(reply));
  const [segment, ...rest] = reply.segments;
  assert.ok(segment !== undefined && rest.length === 0);
  return segment;
}

const understood: [string, unknown, Reply][] = [
  ["START", { resp_type: "START", trace_id: traceId }, { type: "START", traceId }],
  ["START without a trace id", { resp_type: "START" }, { type: "START", traceId: null }],
  ["START with more than is known", { resp_type: "START", trace_id: traceId, x: [1] }, { type: "START", traceId }],
  [
    "EVENT",
    { resp_type: "EVENT", trace_id: traceId, event: "VOICE_END", timestamp: 1500 },
    { type: "EVENT", event: "VOICE_END", traceId },
  ],
  [
    "EVENT without its reserved timestamp",
    { resp_type: "EVENT", trace_id: traceId, event: "EXCEEDED_SILENCE" },
    { type: "EVENT", event: "EXCEEDED_SILENCE", traceId },
  ],
  [
    "EVENT whose timestamp is no position in a session",
    { resp_type: "EVENT", trace_id: traceId, event: "EXCEEDED_AUDIO", timestamp: 1.7e12 },
    { type: "EVENT", event: "EXCEEDED_AUDIO", traceId },
  ],
  [
    "EVENT as the vendor's table spells it",
    { resp_type: "EVENT", event: "VOICE_STAR" },
    { type: "EVENT", event: "VOICE_START", traceId: null },
  ],
  [
    "ERROR of the vendor's page",
    { resp_type: "ERROR", trace_id: traceId, error_code: "SIS.0002", error_msg: "***" },
    { type: "ERROR", code: "SIS.0002", message: "***", traceId },
  ],
  [
    "ERROR without a trace id, as the vendor's page allows",
    { resp_type: "ERROR", error_code: "SIS.0032", error_msg: "'audio_format' is invalid" },
    { type: "ERROR", code: "SIS.0032", message: "'audio_format' is invalid", traceId: null },
  ],
  [
    "ERROR without anything: the session is over all the same",
    { resp_type: "ERROR" },
    { type: "ERROR", code: "UNNAMED", message: "an error that the vendor's list does not name", traceId: null },
  ],
  [
    "FATAL_ERROR of the vendor's page",
    { resp_type: "FATAL_ERROR", trace_id: traceId, error_code: "SIS.0304", error_msg: "wait voice timeout" },
    { type: "FATAL_ERROR", code: "SIS.0304", message: "wait voice timeout", traceId },
  ],
  [
    "FATAL_ERROR without words: those of the list",
    { resp_type: "FATAL_ERROR", error_code: "SIS.0303", error_msg: "" },
    {
      type: "FATAL_ERROR",
      code: "SIS.0303",
      message: "the recognition engine cannot be reached inside the service",
      traceId: null,
    },
  ],
  ["END", { resp_type: "END", trace_id: traceId, reason: "NORMAL" }, { type: "END", reason: "NORMAL", traceId }],
  ["END, cancelled", { resp_type: "END", reason: "CANCEL" }, { type: "END", reason: "CANCEL", traceId: null }],
  ["END after an error", { resp_type: "END", reason: "ERROR" }, { type: "END", reason: "ERROR", traceId: null }],
  ["END for a new reason", { resp_type: "END", reason: "TIRED" }, { type: "END", reason: "OTHER", traceId: null }],
  ["RESULT of nothing", { resp_type: "RESULT", segments: [] }, { type: "RESULT", segments: [], traceId: null }],
];

for (const [name, message, reply] of understood) {
  test(`understands ${name}`, () => assert.deepEqual(decode(message), reply));
}

test("understands a RESULT with all it can hold", () => {
  const word_info = [
    { start_time: 100, end_time: 700, word: "你" },
    { start_time: 700, end_time: 1500, word: "好" },
  ];
  const segment = onlySegment(decode(resultWith({ result: { text: "你好", score: 0.87, word_info } })));
  assert.deepEqual(segment, {
    startMs: 100,
    endMs: 1500,
    isFinal: true,
    result: {
      text: "你好",
      score: 0.87,
      words: [
        { startMs: 100, endMs: 700, word: "你" },
        { startMs: 700, endMs: 1500, word: "好" },
      ],
    },
  });
});

test("a start that is reckoned a little before the session is its beginning", () => {
  const { startMs, endMs } = onlySegment(decode(resultWith({ start_time: -20.4, end_time: 700 })));
  assert.deepEqual([startMs, endMs], [0, 700]);
});

test("is liberal about how numbers and flags are written", () => {
  const segment = onlySegment(
    decode(resultWith({ start_time: "100", end_time: 1500.4, is_final: "yes", result: { text: "a", score: "0.5" } })),
  );
  assert.deepEqual(segment, { startMs: 100, endMs: 1500, isFinal: true, result: { text: "a", score: 0.5, words: [] } });
  assert.equal(onlySegment(decode(resultWith({ is_final: "false" }))).isFinal, false);
  assert.equal(onlySegment(decode(resultWith({ is_final: "true" }))).isFinal, true);
});

for (const result of [undefined, null, {}, { text: null }]) {
  test(`a segment with the result ${JSON.stringify(result)} is one that failed`, () => {
    assert.equal(onlySegment(decode(resultWith({ result }))).result, null);
  });
}

test("a text is kept exactly as it came", () => {
  const text = " \u0000\n\u202e<b>𝄞 \ud800";
  assert.equal(onlySegment(decode(resultWith({ result: { text } }))).result?.text, text);
});

const usableWord = { start_time: 1, end_time: 2, word: "a" };

const decoration: [string, Record<string, unknown>][] = [
  ["a missing score", { text: "a" }],
  ["a score that is no number", { text: "a", score: {} }],
  ["a score below 0", { text: "a", score: -3 }],
  ["no word_info", { text: "a", word_info: null }],
  ["a word that ends before it starts", { text: "a", word_info: [{ start_time: 5, end_time: 4, word: "a" }] }],
  ["a word without times", { text: "a", word_info: [{ word: "a" }] }],
  ["a word that is no text", { text: "a", word_info: [{ start_time: 1, end_time: 2, word: 7 }] }],
  ["a word that is nothing", { text: "a", word_info: [null] }],
  ["word_info that is no list", { text: "a", word_info: {} }],
  ["thousands of words", { text: "a", word_info: Array.from({ length: 1001 }, () => usableWord) }],
];

test("as many words as a segment can have are kept", () => {
  const word_info = Array.from({ length: 1000 }, () => usableWord);
  assert.equal(onlySegment(decode(resultWith({ result: { text: "a", word_info } }))).result?.words.length, 1000);
});

for (const [name, result] of decoration) {
  test(`${name} does not cost the text`, () => {
    assert.deepEqual(onlySegment(decode(resultWith({ result }))).result, { text: "a", score: 0, words: [] });
  });
}

test("a score above 1 counts as 1", () => {
  assert.equal(onlySegment(decode(resultWith({ result: { text: "a", score: 95 } }))).result?.score, 1);
});

const emptyObjects = Array.from({ length: 1001 }, () => ({}));

const refused: [string, FaultCode, unknown][] = [
  ["nothing at all", "wire-bad-json", Buffer.alloc(0)],
  ["text that is no JSON", "wire-bad-json", Buffer.from("<html>")],
  ["JSON that breaks off", "wire-bad-json", Buffer.from('{"resp_type":"START"')],
  ["nesting without end", "wire-bad-json", Buffer.alloc(500_000, "[")],
  ["JSON nested half a million deep", "wire-bad-message", Buffer.from("[".repeat(500_000) + "]".repeat(500_000))],
  ["a number", "wire-bad-message", 7],
  ["null", "wire-bad-message", null],
  ["a list", "wire-bad-message", [{ resp_type: "START" }]],
  ["a message without a type", "wire-bad-message", { trace_id: traceId }],
  ["a type that is no text", "wire-bad-message", { resp_type: ["START"] }],
  ["a type from the prototype", "wire-bad-message", { __proto__: null, constructor: "START" }],
  ["an unknown type", "wire-unknown-type", { resp_type: "HELLO" }],
  ["an unknown event", "wire-unknown-type", { resp_type: "EVENT", event: "LUNCH" }],
  ["an event without a name", "wire-bad-message", { resp_type: "EVENT" }],
  ["a RESULT without segments", "wire-bad-message", { resp_type: "RESULT" }],
  ["segments that are no list", "wire-bad-message", { resp_type: "RESULT", segments: { length: 1 } }],
  ["thousands of segments", "wire-bad-message", { resp_type: "RESULT", segments: emptyObjects }],
  ["a segment that is nothing", "wire-bad-message", { resp_type: "RESULT", segments: [null] }],
  ["a segment without a start", "wire-bad-message", resultWith({ start_time: undefined })],
  ["a time long before the session", "wire-bad-message", resultWith({ start_time: -1001 })],
  ["a time that is not a number", "wire-bad-message", resultWith({ end_time: "NaN" })],
  ["a time with an exponent in a string", "wire-bad-message", resultWith({ end_time: "1e3" })],
  ["a time beyond any session", "wire-bad-message", resultWith({ end_time: 1e12 })],
  ["a segment that ends before it starts", "wire-bad-message", resultWith({ end_time: 99 })],
  ["is_final missing", "wire-bad-message", resultWith({ is_final: undefined })],
  ["is_final neither true nor false", "wire-bad-message", resultWith({ is_final: "perhaps" })],
  ["a result that is no object", "wire-bad-message", resultWith({ result: "你好" })],
  ["a text that is no text", "wire-bad-message", resultWith({ result: { text: 7 } })],
  ["a text without end", "wire-bad-message", resultWith({ result: { text: "a".repeat(10_001) } })],
];

for (const [name, code, message] of refused) {
  test(`${name} is a ${code}`, () => {
    const reply = Buffer.isBuffer(message) ? decodeReply(message, false) : decode(message);
    assert.ok(reply instanceof Fault, JSON.stringify(reply));
    assert.equal(reply.code, code);
    assert.ok(reply.message.length < 200);
  });
}

test("binary and oversized messages are not looked into", () => {
  const start = Buffer.from('{"resp_type":"START"}');
  const binary = decodeReply(start, true);
  assert.ok(binary instanceof Fault && binary.code === "wire-binary");
  const padded = Buffer.concat([start, Buffer.alloc(maxReplyBytes, " ")]);
  const oversized = decodeReply(padded, false);
  assert.ok(oversized instanceof Fault && oversized.code === "wire-oversized");
  assert.deepEqual(decodeReply(padded.subarray(0, maxReplyBytes), false), { type: "START", traceId: null });
});

test("JSON nested deep inside an unknown field does no harm", () => {
  const deep = `{"resp_type":"START","x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  assert.deepEqual(decodeReply(Buffer.from(deep), false), { type: "START", traceId: null });
});

test("codes, messages and trace ids come out bounded and printable", () => {
  const long = "\u001b[31m".repeat(1000);
  const reply = decode({ resp_type: "ERROR", error_code: long, error_msg: long, trace_id: long });
  assert.ok(!(reply instanceof Fault) && reply.type === "ERROR");
  for (const text of [reply.code, reply.message, reply.traceId ?? ""]) {
    assert.ok(text.length <= 301 && !text.includes("\u001b"), text);
  }
});

/** Every text that the service sends is short, or is kept in a RESULT; nothing else is as large as what came in. */
function assertBounded(reply: Reply | Fault): void {
  if (reply instanceof Fault) {
    assert.ok(reply.code.startsWith("wire-"), reply.code);
    assert.ok(reply.message.length < 250);
    return;
  }
  if (reply.type !== "RESULT") {
    assert.ok(JSON.stringify(reply).length < 1000);
    return;
  }
  for (const { startMs, endMs, isFinal, result } of reply.segments) {
    assert.ok(startMs >= 0 && startMs <= endMs && endMs <= 86_400_000 && typeof isFinal === "boolean");
    assert.ok(result === null || (result.text.length <= 10_000 && result.score >= 0 && result.score <= 1));
    for (const word of result?.words ?? []) {
      assert.ok(word.startMs >= 0 && word.startMs <= word.endMs && word.word.length <= 200);
    }
  }
}

test("any bytes give a reply or a fault", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isBinary) => {
      assertBounded(decodeReply(Buffer.from(bytes), isBinary));
    }),
    { numRuns: 2000 },
  );
});

test("any JSON gives a reply or a fault", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => assertBounded(decodeReply(Buffer.from(text), false))),
    { numRuns: 2000 },
  );
});

test("anything in the protocol's own fields gives a reply or a fault", () => {
  const odd = fc.oneof(
    fc.anything({ maxDepth: 2, withNullPrototype: true }),
    fc.string(),
    fc.double(),
    fc.constantFrom("true", "no", "-1", "1e400", "VOICE_END", "NORMAL", 0, -0, 1e308),
  );
  const oneOf = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: odd });
  const time = oneOf(fc.integer({ min: 0, max: 100_000 }));
  const word = oneOf(fc.record({ start_time: time, end_time: time, word: oneOf(fc.string()) }, { requiredKeys: [] }));
  const result = oneOf(
    fc.record(
      { text: oneOf(fc.string()), score: oneOf(fc.double()), word_info: oneOf(fc.array(word, { maxLength: 3 })) },
      { requiredKeys: [] },
    ),
  );
  const segment = oneOf(
    fc.record({ start_time: time, end_time: time, is_final: oneOf(fc.boolean()), result }, { requiredKeys: [] }),
  );
  const message = fc.record(
    {
      resp_type: oneOf(fc.constantFrom("START", "EVENT", "RESULT", "ERROR", "FATAL_ERROR", "END")),
      trace_id: odd,
      event: oneOf(fc.constantFrom("VOICE_START", "VOICE_END", "EXCEEDED_SILENCE", "EXCEEDED_AUDIO")),
      timestamp: odd,
      segments: oneOf(fc.array(segment, { maxLength: 4 })),
      error_code: odd,
      error_msg: odd,
      reason: odd,
    },
    { requiredKeys: ["resp_type"] },
  );
  let replies = 0;
  fc.assert(
    fc.property(message, (value) => {
      const reply = decodeReply(Buffer.from(jsonOf(value)), false);
      assertBounded(reply);
      if (!(reply instanceof Fault)) replies += 1;
    }),
    { numRuns: 3000 },
  );
  assert.ok(replies > 500, `${replies} of 3000 were understood: the cases do not reach the inside`);
});

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "";
}
