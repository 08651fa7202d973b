import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quietAlarms, stepAlarms } from "../../src/fleet/alarms.ts";
import { symptomOfReport } from "../../src/fleet/diagnosis.ts";
import type { AlarmType } from "../../src/fleet/schema.ts";
import { catalogue, type Diagnosis, type ErrorClass } from "../../src/sis/catalogue.ts";
import { recognitionLab } from "../lab/recognition.ts";

/** Every row of the error catalogue, met in each of the ways in which the service can say it. */

interface Expected {
  readonly alarm: AlarmType;
  /** What follows an ERROR in a session, and an ERROR that refuses START. */
  readonly inSession: Follow;
  readonly refused: Follow;
}
type Follow =
  | "same connection" // a new START on the same connection, within 10 s
  | "soon" // a new START within a minute, on whichever connection
  | "fresh credentials" // a new connection at once, with new credentials
  | "new connection" // the connection is closed; a new one within a minute
  | "hold"; // the connection is closed; nothing for at least 30 s, a probe within 2 min

const expected: Readonly<Record<ErrorClass, Expected>> = {
  service: { alarm: "service", inSession: "same connection", refused: "same connection" },
  network: { alarm: "service", inSession: "same connection", refused: "same connection" },
  silence: { alarm: "capture", inSession: "same connection", refused: "same connection" },
  audio: { alarm: "config", inSession: "same connection", refused: "same connection" },
  sequence: { alarm: "service", inSession: "new connection", refused: "new connection" },
  throttled: { alarm: "throttled", inSession: "soon", refused: "soon" },
  credentials: { alarm: "credentials", inSession: "fresh credentials", refused: "fresh credentials" },
  account: { alarm: "account", inSession: "hold", refused: "hold" },
  config: { alarm: "config", inSession: "hold", refused: "hold" },
};

type Lab = ReturnType<typeof recognitionLab>;

const starts = (lab: Lab) =>
  lab.links.flatMap((link) => link.commands).filter((each) => JSON.stringify(each).includes('"START"')).length;
const audioBytes = (lab: Lab) => lab.links.reduce((sum, link) => sum + link.audioBytes, 0);

/** Sound goes on being captured, and connections open, for `ms`. */
function live(lab: Lab, ms: number): void {
  for (let done = 0; done < ms; done += 100) {
    lab.capture(100);
    if (!lab.link.ended && lab.link.commands.length === 0) lab.link.open();
  }
}

function checkFollow(lab: Lab, follow: Follow): void {
  const before = { starts: starts(lab), links: lab.links.length, renewals: lab.renewals };
  const renewed = follow === "fresh credentials";
  assert.equal(lab.renewals, renewed ? 1 : 0, "credentials renewed");
  if (follow === "hold") {
    live(lab, 29_000);
    assert.equal(starts(lab), before.starts, "nothing is tried while held");
    assert.ok(lab.links[0]?.ended, "the connection is given up");
    live(lab, 91_000);
    assert.ok(lab.links.length > before.links, "a probe comes");
    return;
  }
  live(lab, renewed ? 300 : 11_000);
  assert.equal(starts(lab), before.starts + 1, "one new START");
  if (follow === "same connection") assert.equal(lab.links.length, 1);
  if (follow === "new connection" || renewed) {
    assert.equal(lab.links.length, 2);
    assert.ok(lab.links[0]?.ended);
  }
}

/** The alarms that stand after the reports so far, when the trouble has lasted 6 s. */
function alarmsOf(lab: Lab): readonly { readonly type: AlarmType; readonly code: string; readonly hint: string }[] {
  let alarms = quietAlarms("boot");
  const now = { wallMs: lab.clock.wallMs(), monotonicMs: lab.clock.monotonicMs() };
  const later = { wallMs: now.wallMs + 6000, monotonicMs: now.monotonicMs + 6000 };
  const symptoms = lab.reports.map(symptomOfReport).filter((symptom) => symptom !== null);
  const raised = [...symptoms, null].flatMap((symptom) => {
    const event = symptom === null ? ({ type: "tick" } as const) : ({ type: "trouble", symptom } as const);
    const step = stepAlarms(alarms, event, symptom === null ? later : now);
    alarms = step.next;
    return step.changes.filter(({ change }) => change === "raised");
  });
  return raised.map(({ alarm: { type, symptom } }) => ({ type, code: symptom.code, hint: symptom.hint }));
}

function checkReport(lab: Lab, row: Diagnosis, kind: string, traceId: string | null): void {
  const [error, ...more] = lab.errors;
  assert.deepEqual(more, []);
  assert.equal(error?.kind, kind);
  assert.equal(error.code, row.code);
  assert.equal(error.class, row.class);
  assert.equal(error.traceId, traceId);
  assert.equal(error.attempt, 1);
  assert.notEqual(error.hint, "");
  assert.notEqual(error.retryInMs, null);
}

const rows = Object.values(catalogue).filter((row) => row.code.startsWith("SIS.") || row.code.startsWith("APIGW."));

test("the catalogue is walked whole", () => {
  assert.ok(rows.length >= 50, `${rows.length} rows`);
  assert.deepEqual(new Set(rows.map((row) => row.class)).size, Object.keys(expected).length - 1, "all but network");
});

for (const row of rows) {
  describe(`${row.code} (${row.class})`, () => {
    const answer = { error_code: row.code, error_msg: "***" };
    const { alarm, inSession, refused } = expected[row.class];

    test("as ERROR in a session", () => {
      const lab = recognitionLab();
      lab.capture(1000);
      lab.stream();
      lab.capture(1000);
      lab.link.say({ resp_type: "ERROR", ...answer }); // without a trace id, as the vendor says it may be
      const sent = audioBytes(lab);
      checkReport(lab, row, "ERROR", null);
      assert.deepEqual(alarmsOf(lab), [{ type: alarm, code: row.code, hint: lab.errors[0]?.hint }]);
      lab.capture(200);
      lab.link.say({ resp_type: "END", trace_id: "trace-1", reason: "ERROR" });
      checkFollow(lab, inSession);
      assert.equal(audioBytes(lab), sent, "no audio until the next START is answered");
    });

    test("as ERROR that refuses START", () => {
      const lab = recognitionLab();
      lab.capture(1000);
      lab.link.open();
      lab.link.say({ resp_type: "ERROR", ...answer, trace_id: "t" });
      checkReport(lab, row, "ERROR", "t");
      assert.deepEqual(alarmsOf(lab), [{ type: alarm, code: row.code, hint: lab.errors[0]?.hint }]);
      checkFollow(lab, refused);
      assert.equal(audioBytes(lab), 0);
    });

    test("as FATAL_ERROR", () => {
      const lab = recognitionLab();
      lab.capture(1000);
      lab.stream();
      lab.capture(1000);
      const [first] = lab.links;
      lab.link.say({ resp_type: "FATAL_ERROR", ...answer, trace_id: "t" });
      const sent = lab.link.sent.length;
      checkReport(lab, row, "FATAL_ERROR", "t");
      assert.deepEqual(alarmsOf(lab), [{ type: alarm, code: row.code, hint: lab.errors[0]?.hint }]);
      lab.capture(300);
      assert.equal(first?.ended, false, "the service is given the time to disconnect");
      assert.equal(lab.log.settled, 0, "everything unacknowledged is kept for the next session");
      first?.end({ how: "closed", code: 1000, reason: "", asked: false });
      checkFollow(lab, inSession === "same connection" ? "new connection" : inSession);
      assert.equal(first?.sent.length, sent, "nothing more is sent on the doomed connection");
    });
  });
}
