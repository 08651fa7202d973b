import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { isProblem, parseRequest } from "../../src/simulator/request.ts";
import { encodeEnd, encodeStart } from "../../src/sis/request.ts";

const good = { audio_format: "pcm16k16bit", property: "chinese_16k_general" };

function start(config: unknown) {
  const request = parseRequest(JSON.stringify({ command: "START", config }));
  assert.equal(request.type, "start");
  assert.ok(request.type === "start");
  return request.config;
}

suite("requests", () => {
  test("a START's defaults are the service's", () => {
    assert.deepEqual(start(good), {
      ...good,
      add_punc: false,
      digit_norm: true,
      vad_head: 10_000,
      vad_tail: 500,
      max_seconds: 30,
      interim_results: false,
      vocabulary_id: null,
      need_word_info: false,
    });
  });

  test("a START with everything", () => {
    const all = { add_punc: "yes", digit_norm: "no", vad_head: 0, vad_tail: 3000, max_seconds: 60 };
    const more = { interim_results: "yes", vocabulary_id: "5f2c-11", need_word_info: "yes" };
    assert.deepEqual(start({ ...good, ...all, ...more }), {
      ...good,
      add_punc: true,
      digit_norm: false,
      vad_head: 0,
      vad_tail: 3000,
      max_seconds: 60,
      interim_results: true,
      vocabulary_id: "5f2c-11",
      need_word_info: true,
    });
  });

  test("what the vendor's Python SDK sends is taken", () => {
    // construct_params() of its RasrRequest: two settings of it are on no page.
    const sdk = {
      ...good,
      add_punc: "no",
      digit_norm: "yes",
      vad_head: 10000,
      vad_tail: 500,
      max_seconds: 30,
      interim_results: "no",
      vad_threshold: 0,
      need_word_info: "no",
      user_words: ["a"],
    };
    assert.equal(isProblem(start(sdk)), false);
    assert.deepEqual(parseRequest('{"command": "END", "cancel": "false"}'), { type: "end", cancel: false });
  });

  test("our own client's requests are taken", () => {
    const text = encodeStart({
      audioFormat: "ulaw8k8bit",
      property: "chinese_8k_common",
      vadTail: 800,
      interimResults: true,
    });
    const request = parseRequest(text);
    assert.ok(request.type === "start" && !isProblem(request.config));
    assert.equal(request.config.vad_tail, 800);
    assert.deepEqual(parseRequest(encodeEnd(true)), { type: "end", cancel: true });
  });

  for (const [name, config, code] of [
    ["no config", undefined, "SIS.0012"],
    ["a config that is no object", "pcm16k16bit", "SIS.0032"],
    ["no audio_format", { property: good.property }, "SIS.0012"],
    ["no property", { audio_format: good.audio_format }, "SIS.0012"],
    ["an unknown setting", { ...good, sample_rate: 16000 }, "SIS.0031"],
    ["a setting misspelt", { ...good, addPunc: "yes" }, "SIS.0031"],
    ["an unknown audio_format", { ...good, audio_format: "mp3" }, "SIS.0032"],
    ["a property without a rate", { ...good, property: "chinese_general" }, "SIS.0032"],
    ["a property that is no text", { ...good, property: 16 }, "SIS.0032"],
    ["a rate that does not fit", { ...good, audio_format: "pcm8k16bit" }, "SIS.0301"],
    ["add_punc as a boolean", { ...good, add_punc: true }, "SIS.0032"],
    ["add_punc in capitals", { ...good, add_punc: "YES" }, "SIS.0032"],
    ["vad_head too large", { ...good, vad_head: 60_001 }, "SIS.0032"],
    ["vad_head negative", { ...good, vad_head: -1 }, "SIS.0032"],
    ["vad_tail too large", { ...good, vad_tail: 3001 }, "SIS.0032"],
    ["vad_tail with a fraction", { ...good, vad_tail: 1.5 }, "SIS.0032"],
    ["max_seconds zero", { ...good, max_seconds: 0 }, "SIS.0032"],
    ["max_seconds too large", { ...good, max_seconds: 61 }, "SIS.0032"],
    ["a hot-word table that cannot be", { ...good, vocabulary_id: "no such table!" }, "SIS.0201"],
  ] as const) {
    test(`a START with ${name} is refused with ${code}`, () => {
      const config_ = start(config);
      assert.ok(isProblem(config_));
      assert.equal(config_.code, code);
      assert.notEqual(config_.message, "");
    });
  }

  for (const [name, text, code] of [
    ["no JSON", "START", "SIS.0032"],
    ["half a message", '{"command":"ST', "SIS.0032"],
    ["a list", "[]", "SIS.0032"],
    ["no command", "{}", "SIS.0012"],
    ["an unknown command", '{"command":"STOP"}', "SIS.0031"],
    ["a command in small letters", '{"command":"start"}', "SIS.0031"],
    ["a cancel that is neither", '{"command":"END","cancel":"maybe"}', "SIS.0032"],
    ["a text without end", `{"command":"START","x":"${"y".repeat(70_000)}"}`, "SIS.0032"],
  ] as const) {
    test(`${name} is refused with ${code}`, () => {
      const request = parseRequest(text);
      assert.ok(request.type === "unknown");
      assert.equal(request.problem.code, code);
    });
  }

  test("whatever comes, the answer is one of the three, bounded and without control characters", () => {
    const config = fc.oneof(
      fc.anything(),
      fc.record(
        Object.fromEntries(
          [
            "audio_format",
            "property",
            "add_punc",
            "vad_head",
            "vad_tail",
            "max_seconds",
            "vocabulary_id",
            "x\u001b[1m",
          ].map((key) => [
            key,
            fc.oneof(fc.anything(), fc.constantFrom("pcm16k16bit", "chinese_16k_x", "yes", 5, "7")),
          ]),
        ),
        { requiredKeys: [] },
      ),
    );
    const message = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(fc.constantFrom("START", "END", "STOP"), config, fc.anything())
        .map(([command, value, cancel]) => safeJson({ command, config: value, cancel })),
    );
    fc.assert(
      fc.property(message, (text) => {
        const request = parseRequest(text);
        const problem =
          request.type === "unknown"
            ? request.problem
            : request.type === "start" && isProblem(request.config)
              ? request.config
              : null;
        if (problem === null) return;
        assert.match(problem.code, /^SIS\.\d{4}$/);
        assert.ok(problem.message.length < 200);
        assert.doesNotMatch(problem.message, /\p{Cc}/u);
      }),
      { numRuns: 3000 },
    );
  });
});

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
