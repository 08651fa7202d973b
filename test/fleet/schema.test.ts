import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { quietAlarms, stepAlarms } from "../../src/fleet/alarms.ts";
import { startingDevice } from "../../src/fleet/device-state.ts";
import { type Measurement, metricsPayload, noTallies } from "../../src/fleet/metrics.ts";
import * as payloads from "../../src/fleet/payloads.ts";
import { noRemoteConfig } from "../../src/fleet/remote-config-file.ts";
import { jsonSchemas, schemaFiles } from "../../src/fleet/schema.ts";
import { deviceInfo, errorReport, symptomOf, transcript } from "./samples.ts";

const ajv = new Ajv2020({ validateFormats: false });
const validators = new Map([...jsonSchemas()].map(([name, schema]) => [name, ajv.compile(schema)]));
const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0, 7);
const now = { monotonicMs: 0, wallMs: nowMs };
const stamp = { seq: 1, boot: "boot-1", nowMs };

function problems(name: string, payload: object): string {
  const validate = validators.get(name);
  assert.ok(validate, `there is a schema ${name}`);
  return validate(JSON.parse(JSON.stringify(payload))) ? "" : ajv.errorsText(validate.errors);
}

function anAlarm(message: string, hint: string) {
  const now = { monotonicMs: 0, wallMs: nowMs };
  const symptom = symptomOf({ debounceMs: 0, message, hint });
  const { changes } = stepAlarms(quietAlarms("boot-1"), { type: "trouble", symptom }, now);
  assert.ok(changes[0]);
  return changes[0].alarm;
}

const session = { type: "session", change: "started", session: "s", traceId: null, reason: "started" } as const;
const gap = { type: "gap", lostMs: 12.5, fromMs: nowMs, toMs: nowMs, cause: "buffer-full" } as const;

const measurement: Measurement = {
  ledger: {
    capturedMs: 1,
    resumedMs: 0,
    withheldMs: 0,
    mutedMs: 0,
    speakingMs: 0,
    acknowledgedMs: 1,
    pendingMs: 0,
    lostMs: 0,
    missedMs: 0,
  },
  sentMs: 1,
  replayedMs: 0,
  level: { rmsDbfs: -30, peakDbfs: -3, clippedRatio: 0 },
  cpuMs: 1,
  rssBytes: 1,
  diskFreeBytes: 1,
  temperatureC: 50,
};
const delivery = { waiting: 0, dropped: 0, unheard: 0, reconnects: 0 };
const mark = (atMs: number) => ({ atMs, measurement, delivery });

const samples: readonly (readonly [string, object])[] = [
  ["state", payloads.statePayload(startingDevice(now), "boot-1", "c0ffee", now)],
  ["info", payloads.infoPayload(deviceInfo, "d34db33f", nowMs)],
  ["alarm", payloads.alarmPayload(anAlarm("trouble", "wait"), nowMs)],
  ["event-error", payloads.errorEventPayload(errorReport, stamp)],
  ["event-session", payloads.sessionEventPayload(session, stamp)],
  ["event-audio-gap", payloads.audioGapEventPayload(gap, stamp)],
  ["transcript", payloads.transcriptPayload(transcript, nowMs)],
  ["event-command", payloads.commandEventPayload({ name: "report", id: "1", status: "succeeded", reason: "" }, stamp)],
  ["command", { v: 1, ts: payloads.timestamp(nowMs), args: {}, not_after: payloads.timestamp(nowMs) }],
  ["command-outcome", payloads.outcomePayload({ status: "failed", reason: "no", result: null }, nowMs)],
  ["config-desired", { v: 1, ts: payloads.timestamp(nowMs), settings: { "sis.vad_tail": 300 } }],
  ["config", payloads.configReportPayload(noRemoteConfig, "d34db33f", nowMs)],
  ["metrics", metricsPayload(mark(0), mark(60_000), { ...noTallies, alarmsActive: 1 }, nowMs)],
];

test("every payload fits its published schema, and no schema is without a sample", () => {
  for (const [name, payload] of samples) assert.equal(problems(name, payload), "", name);
  assert.deepEqual(samples.map(([name]) => name).toSorted(), [...validators.keys()].toSorted());
});

test("a payload without one of its fields, or with one of another type, does not fit", () => {
  for (const [name, payload] of samples) {
    for (const key of Object.keys(payload)) {
      const less = Object.fromEntries(Object.entries(payload).filter(([other]) => other !== key));
      assert.notEqual(problems(name, less), "", `${name} without ${key}`);
      assert.notEqual(problems(name, { ...payload, [key]: [{ odd: true }] }), "", `${name} with an odd ${key}`);
    }
  }
});

test("a field that a later version adds is no error to a reader", () => {
  for (const [name, payload] of samples) assert.equal(problems(name, { ...payload, later: 1 }), "", name);
});

test("times are RFC 3339 in UTC with milliseconds, whatever the clock says", () => {
  assert.equal(payloads.timestamp(nowMs), "2026-01-01T12:00:00.007Z");
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.integer()), (wallMs) => {
      assert.match(payloads.timestamp(wallMs), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }),
  );
});

test("whatever text comes from outside, the payload fits its schema", () => {
  const outside = fc.string({ unit: "binary", maxLength: 2_000 });
  fc.assert(
    fc.property(outside, outside, fc.option(outside), (message, hint, traceId) => {
      const error = { ...errorReport, code: message, message, hint, traceId };
      assert.equal(problems("event-error", payloads.errorEventPayload(error, stamp)), "");
      assert.equal(problems("alarm", payloads.alarmPayload(anAlarm(message, hint), nowMs)), "");
      const ended = { type: "session", change: "ended", session: "s", traceId, reason: message } as const;
      assert.equal(problems("event-session", payloads.sessionEventPayload(ended, stamp)), "");
    }),
    { numRuns: 300 },
  );
});

test("docs/schemas holds these schemas (node scripts/generate-schemas.ts writes them)", () => {
  const folder = new URL("../../docs/schemas/", import.meta.url);
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));
  assert.deepEqual(files, new Map(schemaFiles()));
});
