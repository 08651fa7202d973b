import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "../../src/console/message.ts";
import { parseTopic } from "../../src/console/topic.ts";
import { alarmOf, bytes, infoOf, metricsOf, spokenOf, stateOf } from "./samples.ts";

const owner = { fleet: "lab", device: "kiosk-17" };
const read = (topic: string, payload: unknown) => readMessage(owner, topic.split("/"), bytes(payload));
const kindOf = (topic: string, payload: unknown) => {
  const message = read(topic, payload);
  return typeof message === "string" ? message : message.kind;
};
const outcome = { v: 1, ts: "2026-01-01T00:00:00.000Z", status: "failed", reason: "no", result: null };
const eventOf = (more: object) => ({ v: 1, ts: new Date().toISOString(), seq: 1, boot: "b", replayed: false, ...more });

for (const [topic, payload, kind] of [
  ["state", stateOf("streaming"), "state"],
  ["state", stateOf("streaming", { colour: "blue" }), "state"], // of a later version
  ["state", stateOf("dancing"), "schema"],
  ["state", stateOf("streaming", { reason: "x".repeat(301) }), "schema"],
  ["state", { ...stateOf("streaming"), v: 2 }, "schema"],
  ["state", "", "gone"],
  ["state", "{", "not-json"],
  ["state", "[]", "schema"],
  ["state", "x".repeat(16_385), "too-large"],
  ["state", stateOf("streaming", { device: "kiosk-18" }), "other-device"],
  ["state", stateOf("streaming", { device_id: "kiosk-17", fleet: "lab" }), "state"],
  ["state/more", stateOf("streaming"), "topic"],
  ["info", infoOf(), "info"],
  ["alarm/service", alarmOf(), "alarm"],
  ["alarm/of-a-later-version", alarmOf(), "alarm"],
  ["alarm", alarmOf(), "topic"],
  ["alarm/Bad_Type", alarmOf(), "topic"],
  ["alarm/service", alarmOf({ severity: "dire" }), "schema"],
  ["metrics", metricsOf(), "metrics"],
  ["metrics", { v: 1 }, "metrics"],
  ["metrics", { v: 1, backlog_ms: "much" }, "schema"],
  ["transcript", spokenOf("hello"), "transcript"],
  ["command/mute/id-1", outcome, "outcome"],
  ["command/mute", outcome, "topic"],
  [
    "event/audio-gap",
    eventOf({ lost_ms: 5, from: new Date().toISOString(), to: new Date().toISOString(), cause: "x" }),
    "event",
  ],
  ["event/command", eventOf({ command: "mute", id: "1", status: "failed", reason: "no" }), "event"],
  ["event/error", eventOf({}), "schema"],
  ["event/of-a-later-version", eventOf({}), "other"],
  ["config", { v: 1 }, "other"],
] as const) {
  const shown = JSON.stringify(payload).slice(0, 60);
  test(`${topic} with ${shown} is: ${kind}`, () => assert.equal(kindOf(topic, payload), kind));
}

test("an error's line says what the device says: of what kind it is, its code, and what to do", () => {
  const error = { resp_type: "FATAL_ERROR", error_code: "SIS.0304", error_msg: "wait voice timeout", trace_id: null };
  const rest = { class: "silence", action: "reconnect", attempt: 1, retry_in_ms: 800, hint: "Check the microphone." };
  const message = read("event/error", eventOf({ ...error, ...rest }));
  const text = "FATAL_ERROR SIS.0304 wait voice timeout (attempt 1): Check the microphone.";
  assert.ok(typeof message !== "string" && message.kind === "event");
  assert.deepEqual([message.text, message.id], [text, "b 1"]);
});

test("what is not valid UTF-8 is not read", () => {
  assert.equal(readMessage(owner, ["state"], Buffer.from([0x7b, 0xff, 0x7d])), "not-json");
});

test("metrics that a machine cannot tell are null, never 0", () => {
  const message = read("metrics", { v: 1, level: null, backlog_ms: 5, temperature_c: null });
  assert.ok(typeof message !== "string" && message.kind === "metrics");
  assert.deepEqual(
    [message.metrics.levelDbfs, message.metrics.backlogMs, message.metrics.latencyP99Ms],
    [null, 5, null],
  );
});

for (const [topic, isOne] of [
  ["sis/v1/lab/kiosk/up/state", true],
  ["sis/v1/lab/kiosk/up/command/mute/id", true],
  ["sis/v1/lab/kiosk/up", false],
  ["sis/v1/lab/kiosk/dn/command/mute/id", false],
  ["sis/v2/lab/kiosk/up/state", false],
  ["sis/v1//kiosk/up/state", false],
  ["sis/v1/lab/$kiosk/up/state", false],
  [`sis/v1/lab/${"k".repeat(65)}/up/state`, false],
  [`sis/v1/lab/kiosk/up/${"a/".repeat(300)}`, false],
  ["sis/v1/lab/ki\nosk/up/state", false],
] as const) {
  test(`${JSON.stringify(topic.slice(0, 60))} is ${isOne ? "" : "not "}a device's topic`, () => {
    assert.equal(parseTopic(topic) !== null, isOne);
  });
}
