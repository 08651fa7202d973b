import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import {
  type AudioFormat,
  audioFormats,
  bytesPerSample,
  encodeEnd,
  encodeStart,
  encodingOf,
  rasrUrl,
  sampleRateOf,
  sampleRateOfProperty,
} from "../../src/sis/request.ts";

test("every audio format has the rate, width and encoding that its name says", () => {
  const facts: Record<AudioFormat, unknown[]> = {
    pcm16k16bit: [16000, 2, "pcm"],
    pcm8k16bit: [8000, 2, "pcm"],
    ulaw16k8bit: [16000, 1, "ulaw"],
    ulaw8k8bit: [8000, 1, "ulaw"],
    alaw16k8bit: [16000, 1, "alaw"],
    alaw8k8bit: [8000, 1, "alaw"],
  };
  assert.deepEqual(audioFormats, Object.keys(facts));
  for (const format of audioFormats) {
    assert.deepEqual([sampleRateOf(format), bytesPerSample(format), encodingOf(format)], facts[format], format);
  }
});

test("the rate of a property is read from its name", () => {
  assert.equal(sampleRateOfProperty("chinese_16k_general"), 16000);
  assert.equal(sampleRateOfProperty("sichuan_8k_common"), 8000);
  assert.equal(sampleRateOfProperty("chinese_general"), null);
  assert.equal(sampleRateOfProperty("chinese_116k_x"), null);
});

test("a START carries the service's own names, with yes and no", () => {
  const text = encodeStart({
    audioFormat: "pcm16k16bit",
    property: "chinese_16k_general",
    addPunc: true,
    digitNorm: false,
    vadHead: 0,
    vadTail: 400,
    maxSeconds: 60,
    interimResults: true,
    vocabularyId: "v-1",
    needWordInfo: true,
  });
  assert.deepEqual(JSON.parse(text), {
    command: "START",
    config: {
      audio_format: "pcm16k16bit",
      property: "chinese_16k_general",
      add_punc: "yes",
      digit_norm: "no",
      vad_head: 0,
      vad_tail: 400,
      max_seconds: 60,
      interim_results: "yes",
      vocabulary_id: "v-1",
      need_word_info: "yes",
    },
  });
});

test("what is not set is not sent, so that the service's defaults hold", () => {
  const text = encodeStart({ audioFormat: "ulaw8k8bit", property: "chinese_8k_common" });
  assert.equal(text, '{"command":"START","config":{"audio_format":"ulaw8k8bit","property":"chinese_8k_common"}}');
});

test("an END says whether to cancel, as a boolean", () => {
  assert.equal(encodeEnd(false), '{"command":"END","cancel":false}');
  assert.equal(encodeEnd(true), '{"command":"END","cancel":true}');
});

test("what a program has not set is no address either", () => {
  // From JavaScript nothing holds it back.
  for (const values of [
    [undefined, "p", "short"],
    ["wss://sis.example", undefined, "short"],
  ])
    assert.throws(() => void Reflect.apply(rasrUrl, null, values), { name: "Fault", code: "config-invalid" });
});

test("each mode has its address", () => {
  const url = (endpoint: string, mode: "continuous" | "sentence" | "short") => rasrUrl(endpoint, "0a1b2c", mode).href;
  assert.equal(url("wss://sis.example", "continuous"), "wss://sis.example/v1/0a1b2c/rasr/continue-stream");
  assert.equal(url("wss://sis.example/", "sentence"), "wss://sis.example/v1/0a1b2c/rasr/sentence-stream");
  assert.equal(url("ws://127.0.0.1:8080", "short"), "ws://127.0.0.1:8080/v1/0a1b2c/rasr/short-stream");
  assert.equal(url("ws://[::1]:8080", "short"), "ws://[::1]:8080/v1/0a1b2c/rasr/short-stream");
});

for (const [endpoint, projectId] of [
  ["sis.example", "p"],
  ["ws://sis.example", "p"],
  ["https://sis.example", "p"],
  ["wss://", "p"],
  ["wss://user:word@sis.example", "p"],
  ["wss://sis.example/base", "p"],
  ["wss://sis.example?x=1", "p"],
  ["wss://sis.example#x", "p"],
  ["", "p"],
  ["wss://sis.example", ""],
  ["wss://sis.example", "…"],
  ["wss://sis.example", "a/../b"],
  ["wss://sis.example", "a".repeat(65)],
] as const) {
  test(`no address is made of endpoint ${JSON.stringify(endpoint)} and project ${JSON.stringify(projectId)}`, () => {
    assert.throws(
      () => rasrUrl(endpoint, projectId, "continuous"),
      (error) => error instanceof Fault && error.code === "config-invalid" && error.hint !== "",
    );
  });
}
