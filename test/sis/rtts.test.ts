import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRttsStart, rttsUrl } from "../../src/sis/rtts.ts";

test("START says what is asked for, in the service's words, and leaves the rest to the service", () => {
  assert.deepEqual(JSON.parse(encodeRttsStart('1 "2"', { audioFormat: "pcm", sampleRate: 8000 })), {
    command: "START",
    text: '1 "2"',
    config: { audio_format: "pcm", sample_rate: "8000" },
  });
  const all = { property: "chinese_xiaoyan_common", speed: -500, pitch: 500, volume: 0 };
  assert.deepEqual(JSON.parse(encodeRttsStart("1", { audioFormat: "ulaw", sampleRate: 16_000, ...all })), {
    command: "START",
    text: "1",
    config: { audio_format: "ulaw", sample_rate: "16000", ...all },
  });
});

test("synthesis lives beside recognition", () => {
  assert.equal(
    String(rttsUrl("wss://sis-ext.cn-north-4.myhuaweicloud.com", "p-1")),
    "wss://sis-ext.cn-north-4.myhuaweicloud.com/v1/p-1/rtts",
  );
  assert.throws(() => rttsUrl("http://a", "p"), { code: "config-invalid" });
  assert.throws(() => rttsUrl("wss://a", "p/../q"), { code: "config-invalid" });
});
