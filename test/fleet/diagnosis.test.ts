import assert from "node:assert/strict";
import { test } from "node:test";
import type { LossCause } from "../../src/audio/log.ts";
import type { SourceEvent } from "../../src/audio/source.ts";
import { Fault } from "../../src/base/fault.ts";
import type { EndClass } from "../../src/fleet/broker-policy.ts";
import { symptomOfBroker } from "../../src/fleet/broker-trouble.ts";
import { type Condition, symptomOfCondition } from "../../src/fleet/condition.ts";
import { symptomOfCapture, symptomOfReport, wellByCapture, wellByReport } from "../../src/fleet/diagnosis.ts";
import { knownFaults } from "../../src/fleet/known-faults.ts";
import type { AlarmType } from "../../src/fleet/schema.ts";
import type { Report } from "../../src/recognition/report.ts";
import type { ErrorClass } from "../../src/sis/catalogue.ts";
import { errorOf, gapReport, sessionOf, transcript } from "./samples.ts";

const byClass: Readonly<Record<ErrorClass, readonly [AlarmType, "at once" | "after a while"]>> = {
  service: ["service", "after a while"],
  network: ["service", "after a while"],
  sequence: ["service", "after a while"],
  throttled: ["throttled", "after a while"],
  credentials: ["credentials", "at once"],
  account: ["account", "at once"],
  config: ["config", "at once"],
  silence: ["capture", "after a while"],
  audio: ["config", "after a while"],
};

for (const [name, [alarm, when]] of Object.entries(byClass)) {
  test(`an error of class ${name} leads to the alarm ${alarm}, ${when}`, () => {
    const report = errorOf({ class: name as ErrorClass, retryInMs: 30_000 });
    const symptom = symptomOfReport(report);
    assert.equal(symptom?.alarm, alarm);
    assert.equal(symptom.debounceMs === 0, when === "at once");
    assert.deepEqual([symptom.class, symptom.origin, symptom.lasting], [name, "service", true]);
    assert.deepEqual([symptom.code, symptom.hint], ["SIS.0303", "Wait; it mends itself."]);
  });
}

test("a token that is renewed at once is no alarm yet; refused again, it is", () => {
  const first = symptomOfReport(errorOf({ class: "credentials", attempt: 1, retryInMs: 0 }));
  const later = symptomOfReport(errorOf({ class: "credentials", attempt: 2, retryInMs: 0 }));
  const second = symptomOfReport(errorOf({ class: "credentials", attempt: 2, retryInMs: 1_500 }));
  const held = symptomOfReport(errorOf({ class: "credentials", attempt: 1, retryInMs: null }));
  const all = [first, later, second, held].map((symptom) => symptom?.debounceMs);
  assert.deepEqual(all, [2_000, 2_000, 0, 0]);
});

test("lost sound leads to audio-loss, with how much and why", () => {
  const symptom = symptomOfReport(gapReport);
  assert.deepEqual([symptom?.alarm, symptom?.debounceMs, symptom?.lasting], ["audio-loss", 0, false]);
  assert.match(symptom?.message ?? "", /1500 ms.*buffer-full/);
});

test("each cause of lost sound has a hint of its own; what is told elsewhere, or had no words in it, is no alarm", () => {
  const hint = (cause: LossCause) => symptomOfReport({ ...gapReport, cause })?.hint ?? "";
  assert.match(hint("buffer-full"), /buffer\.memory_seconds/);
  assert.match(hint("unreadable"), /newer version/);
  assert.match(hint("stopped"), /was stopped/);
  assert.match(hint("capture"), /microphone/);
  for (const cause of ["overrun", "unrecognised"] as const)
    assert.equal(symptomOfReport({ ...gapReport, cause }), null, cause);
});

const audio: SourceEvent = { type: "audio", samples: new Int16Array(1) };
const fault = new Fault("device-missing", "no such microphone");

test("an interrupted capture leads to capture, with the fault's hint", () => {
  const symptom = symptomOfCapture({ type: "interrupted", fault, attempt: 1, retryInMs: 100 });
  assert.deepEqual([symptom?.alarm, symptom?.code, symptom?.origin], ["capture", "device-missing", "recorder"]);
  const hinted = new Fault("device-missing", "m", { hint: "its own" });
  assert.equal(symptomOfCapture({ type: "interrupted", fault: hinted, attempt: 1, retryInMs: 1 })?.hint, "its own");
});

test("a source that ended for good with a fault leads to capture at once; at its own end to nothing", () => {
  assert.equal(symptomOfCapture({ type: "ended", fault })?.debounceMs, 0);
  assert.equal(symptomOfCapture({ type: "ended", fault: null }), null);
});

const well = [undefined, undefined, undefined];
const told = (condition: Condition) => {
  const symptom = symptomOfCondition(condition);
  return [symptom?.origin, symptom?.alarm, symptom?.code];
};

test("what sensors and meters say: trouble of its own side, or well", () => {
  const fault = new Fault("disk-full", "full", { hint: "free some" });
  assert.deepEqual(told({ type: "sound", health: "dead" }), ["sound", "capture", "microphone-dead"]);
  assert.deepEqual(told({ type: "sound", health: "clipping" }), ["sound", "capture", "microphone-clipping"]);
  assert.deepEqual(told({ type: "sound", health: "good" }), well);
  assert.deepEqual(told({ type: "sound-disk", fault }), ["sound-disk", "disk", "disk-full"]);
  assert.deepEqual(told({ type: "sound-disk", fault: null }), well);
  for (const aheadMs of [31_000, -31_000])
    assert.deepEqual(told({ type: "clock", aheadMs }), ["clock", "clock", "clock-off"]);
  for (const aheadMs of [30_000, 0, -30_000]) assert.deepEqual(told({ type: "clock", aheadMs }), well);
  assert.deepEqual(told({ type: "temperature", hot: true, celsius: 81 }), [
    "temperature",
    "throttled",
    "temperature-high",
  ]);
  assert.deepEqual(told({ type: "temperature", hot: false, celsius: 20 }), well);
  assert.deepEqual(told({ type: "power", tooLow: true }), ["power", "throttled", "under-voltage"]);
  assert.deepEqual(told({ type: "power", tooLow: false }), well);
  assert.deepEqual(told({ type: "panel", fault }), ["panel", "panel", "panel-lost"]);
  assert.deepEqual(told({ type: "panel", fault: null }), well);
});

test("a clock that is off says by how much, and which way", () => {
  const message = (aheadMs: number) => symptomOfCondition({ type: "clock", aheadMs })?.message ?? "";
  assert.match(message(1_200_400), /1200 s ahead of/);
  assert.match(message(-61_000), /61 s behind/);
});

test("under-voltage is worse than the rest of its type", () => {
  assert.equal(symptomOfCondition({ type: "power", tooLow: true })?.severity, "major");
});

test("an overrun leads to audio-loss, but does not last", () => {
  const symptom = symptomOfCapture({ type: "overrun", lostMs: 12.3 });
  assert.deepEqual([symptom?.alarm, symptom?.code, symptom?.lasting], ["audio-loss", "overrun", false]);
});

test("a certificate of the future is a clock of the past", () => {
  const symptom = symptomOfReport(errorOf({ class: "network", code: "NET.CERT_NOT_YET_VALID" }));
  assert.deepEqual([symptom?.alarm, symptom?.origin], ["clock", "service"]);
});

test("what is no trouble leads to nothing", () => {
  const reports: readonly Report[] = [
    { type: "phase", phase: "backing-off", reason: "", retryInMs: 1 },
    sessionOf("started"),
    sessionOf("ended"),
    { type: "healthy" },
    { type: "transcript", transcript },
  ];
  for (const report of reports) assert.equal(symptomOfReport(report), null, report.type);
  for (const event of [audio, { type: "opened", description: "" }] as const)
    assert.equal(symptomOfCapture(event), null);
});

test("a started session and health prove the service well, sound the recorder, nothing else proves anything", () => {
  assert.equal(wellByReport(sessionOf("started")), "service");
  assert.equal(wellByReport({ type: "healthy" }), "service");
  for (const report of [sessionOf("ended"), errorOf(), gapReport]) assert.equal(wellByReport(report), null);
  assert.equal(wellByCapture(audio), "recorder");
  assert.equal(wellByCapture({ type: "opened", description: "" }), null);
});

const brokerRows: Readonly<Record<EndClass, AlarmType | null>> = {
  network: null,
  busy: null,
  credentials: "credentials",
  config: "config",
  clock: "clock",
  identity: "identity",
};
for (const [name, alarm] of Object.entries(brokerRows)) {
  test(`trouble of class ${name} with the broker leads to ${alarm}`, () => {
    const fault = new Fault("broker-refused", "no");
    const trouble = { origin: "broker" as const, class: name as EndClass, reasonCode: 0x87, fault };
    assert.equal(symptomOfBroker(trouble)?.alarm ?? null, alarm);
  });
}

test("the code of a broker's alarm is its reason code, or the fault's where it said nothing", () => {
  const fault = new Fault("broker-lost", "no");
  assert.equal(symptomOfBroker({ origin: "broker", class: "identity", reasonCode: 0x8e, fault })?.code, "MQTT.142");
  const silent = symptomOfBroker({ origin: "broker", class: "identity", reasonCode: null, fault });
  assert.equal(silent?.code, "broker-lost");
  assert.match(silent.hint, /device_id/);
});

test("an identity that is inferred has the words of the table, whatever the last connection ended with", () => {
  const fault = new Fault("broker-lost", "MQTT broker: the connection was reset (ECONNRESET)", { hint: "Check TLS." });
  const symptom = symptomOfBroker({ origin: "broker", class: "identity", reasonCode: null, fault });
  const { fault: words, hint, code } = knownFaults["duplicate-id-unsaid"];
  assert.deepEqual([symptom?.message, symptom?.hint, symptom?.code], [words, hint, code]);
});
