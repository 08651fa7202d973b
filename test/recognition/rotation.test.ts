import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionBounds } from "../../src/recognition/bounds.ts";
import type { Mode } from "../../src/sis/request.ts";
import { recognitionLab, result } from "../lab/recognition.ts";
import type { ScriptedLink } from "../lab/scripted-link.ts";

const start = { command: "START", config: { audio_format: "pcm8k16bit", property: "chinese_8k_common" } };
const end = (cancel: boolean) => ({ command: "END", cancel });
const ended = (reason: string) => ({ resp_type: "END", trace_id: "t", reason });

/** Sessions that near their limit after 20 s, and reach it after 40. */
function rotationLab(mode: Mode = "continuous", limits: object = {}, credentialsGoodForMs?: () => number | null) {
  const config = { audioFormat: "pcm8k16bit", property: "chinese_8k_common" } as const;
  const tiny = { rollInPauseMs: 20_000, rollMs: 40_000, reconnectInPauseMs: 20_000, reconnectMs: 40_000 };
  const bounds = { ...sessionBounds(mode, config), ...tiny, ...limits };
  return recognitionLab({ mode, bounds, ...(credentialsGoodForMs !== undefined && { credentialsGoodForMs }) });
}
type Lab = ReturnType<typeof rotationLab>;

const loud = (ms: number) => Math.sin(ms) * 5000;
/** Loud but for these stretches. */
const pausing =
  (...pauses: readonly (readonly [number, number])[]) =>
  (ms: number) =>
    pauses.some(([from, to]) => ms >= from && ms < to) ? 0 : loud(ms);

function nth(lab: Lab, index: number): ScriptedLink {
  const link = lab.links[index];
  assert.ok(link !== undefined, `connection ${index} was opened`);
  return link;
}

/** Streams until the next session is ready: 21 s have been captured then, all of it loud. */
function ready(lab: Lab, sound = loud): readonly [ScriptedLink, ScriptedLink] {
  lab.capture(100, sound);
  lab.stream();
  lab.capture(20_500, sound);
  assert.equal(lab.links.length, 2, "the next connection is opened while the first one streams");
  lab.capture(200, sound);
  lab.stream();
  lab.capture(200, sound);
  assert.deepEqual(nth(lab, 1).sent, [start], "its session gets no sound yet");
  assert.equal(nth(lab, 0).audioBytes / 16, 21_000);
  return [nth(lab, 0), nth(lab, 1)];
}

const sessions = (lab: Lab) =>
  lab.reports.flatMap((report) => (report.type === "session" ? [`${report.session} ${report.change}`] : []));
const phases = (lab: Lab) => lab.reports.flatMap((report) => (report.type === "phase" ? [report.phase] : []));
const texts = (lab: Lab) => lab.transcripts.map((each) => each.text);

test("in a pause the next session takes over; what it answers waits for the last results of the one before", () => {
  const lab = rotationLab();
  const [old, next] = ready(lab, pausing([22_000, 23_000]));
  lab.capture(3_000, pausing([22_000, 23_000]));
  assert.deepEqual(old.commands.at(-1), end(false));
  assert.equal(old.audioBytes / 16, 22_300, "300 ms into the pause");
  assert.equal(next.audioBytes / 16, 24_000 - 22_300, "and not a moment is missing");
  next.say({ ...result(700, 1_500, "three"), trace_id: "trace-2" });
  old.say(result(1_000, 15_000, "one"));
  lab.capture(500, loud);
  assert.deepEqual(texts(lab), ["one"]);
  old.say(result(16_000, 22_000, "two"));
  old.say(ended("NORMAL"));
  lab.capture(200, loud);
  old.say(result(22_050, 22_100, "late"));
  assert.deepEqual(texts(lab), ["one", "two", "late"]);
  lab.capture(200, loud);
  assert.deepEqual(texts(lab), ["one", "two", "late", "three"]);
  const beginMs = lab.log.wallMs(0);
  assert.equal(lab.transcripts.at(-1)?.startMs, beginMs + 22_300 + 700);
  assert.equal(lab.log.settled / 8, 22_300 + 1_500);
  assert.ok(old.closeAsked && !next.ended);
  assert.deepEqual(sessions(lab), ["session-1 started", "session-2 started", "session-1 ended"]);
  assert.deepEqual(phases(lab), ["streaming"]);
  assert.deepEqual(lab.errors, []);
});

test("a final result is as good as a pause: the next session begins at its end, the rest of the one before is cancelled", () => {
  const lab = rotationLab();
  const [old, next] = ready(lab);
  lab.capture(2_000, loud);
  old.say(result(1_000, 21_400, "one"));
  assert.deepEqual(old.commands.at(-1), end(true));
  assert.ok(old.closeAsked);
  old.say(result(21_500, 22_500, "would be a double"));
  lab.capture(1_000, loud);
  assert.equal(next.audioBytes / 16, 24_000 - 21_400);
  next.say({ ...result(0, 1_000, "two"), trace_id: "trace-2" });
  assert.deepEqual(texts(lab), ["one", "two"]);
  assert.equal(lab.transcripts[1]?.startMs, lab.log.wallMs(0) + 21_400);
  assert.deepEqual(lab.errors, []);
});

test("nobody pausing, the next session takes over before the service tires of waiting, at the end of the last result", () => {
  const lab = rotationLab();
  lab.capture(100, loud);
  lab.stream();
  lab.capture(12_000, loud);
  lab.link.say(result(1_000, 11_000, "one"));
  lab.capture(8_700, loud);
  lab.stream();
  lab.capture(9_900, loud);
  assert.equal(nth(lab, 1).audioBytes, 0);
  lab.capture(2_000, loud);
  assert.deepEqual(nth(lab, 0).commands.at(-1), end(true));
  lab.capture(12_000, loud);
  assert.equal(nth(lab, 1).audioBytes / 16, lab.log.ledger().capturedMs - 11_000);
});

test("without any result to go by, the words before the change are asked for", () => {
  const lab = rotationLab();
  const [old, next] = ready(lab);
  lab.capture(10_100, loud);
  assert.deepEqual(old.commands.at(-1), end(false));
  const cutMs = old.audioBytes / 16;
  lab.capture(1_000, loud);
  old.say(result(0, cutMs, "all of it"));
  old.say(ended("NORMAL"));
  lab.capture(400, loud);
  next.say({ ...result(0, 500, "and on"), trace_id: "trace-2" });
  assert.deepEqual(texts(lab), ["all of it", "and on"]);
});

const refusal = {
  diagnosis: { code: "HTTP.429", known: true, class: "throttled", action: "back-off", meaning: "", hint: "" },
  message: "quota",
  retryAfterMs: 60_000,
  serverDateMs: null,
} as const;

test("a service that allows no second connection or session costs nothing: the session ends first, then the next begins", () => {
  const ways: readonly ((link: ScriptedLink) => void)[] = [
    (link) => link.end({ how: "refused", ...refusal }),
    (link) => link.end({ how: "closed", code: 1006, reason: "", asked: false }),
    (link) => {
      link.open();
      link.say({ resp_type: "ERROR", error_code: "SIS.0103", error_msg: "one session at a time" });
    },
    (link) => {
      link.open();
      link.say({ resp_type: "START", trace_id: "u" });
      link.say({ resp_type: "FATAL_ERROR", error_code: "SIS.0304", error_msg: "wait voice timeout" });
    },
    () => {}, // it never opens
  ];
  for (const refuse of ways) {
    const lab = rotationLab();
    const sound = pausing([34_000, 35_000], [60_000, 62_000]);
    lab.capture(100, sound);
    lab.stream();
    lab.capture(20_500, sound);
    const [old, second] = [nth(lab, 0), nth(lab, 1)];
    refuse(second);
    for (let half = 0; half < 50 && old.commands.length === 1; half += 1) lab.capture(500, sound);
    assert.equal(lab.links.length, 2, "it is not tried again for this session");
    assert.deepEqual(old.commands.slice(1), [end(false)]);
    old.say(result(1_000, 34_000, "one"));
    old.say(ended("NORMAL"));
    lab.capture(500, sound);
    assert.equal(lab.links.length, 3);
    lab.stream();
    lab.capture(20_700, sound);
    assert.equal(lab.links.length, 4, "but for the next one");
    assert.deepEqual(lab.errors, []);
    assert.deepEqual(phases(lab), ["streaming", "streaming"]);
    const counted = lab.irregularities.get("second-session-refused") ?? 0;
    assert.equal(counted, refuse === ways.at(-1) ? 0 : 1);
  }
});

test("if the session before does not give its last results, all is sent again, and what the next one said is forgotten", () => {
  const ways: readonly ((lab: Lab, link: ScriptedLink) => void)[] = [
    (_lab, link) => link.end({ how: "closed", code: 1006, reason: "", asked: false }),
    (_lab, link) => {
      link.say({ resp_type: "ERROR", error_code: "SIS.0305", error_msg: "x" });
      link.say(ended("ERROR"));
    },
    (_lab, link) => link.say({ resp_type: "FATAL_ERROR", error_code: "SIS.0305", error_msg: "x" }),
    (lab) => lab.capture(6_000, loud), // no END comes
    (_lab, link) => {
      link.garble();
      link.say(ended("CANCEL"));
    },
    (_lab, link) => link.say(ended("CANCEL")),
  ];
  for (const [index, fail] of ways.entries()) {
    const lab = rotationLab();
    const [old, next] = ready(lab, pausing([22_000, 23_000]));
    lab.capture(3_000, pausing([22_000, 23_000]));
    old.say(result(1_000, 15_000, "one"));
    next.say({ ...result(700, 1_500, "three"), trace_id: "trace-2" });
    fail(lab, old);
    assert.ok(next.closeAsked);
    assert.equal(lab.log.cursor / 8, 15_000);
    lab.capture(3_000, loud);
    // On a new connection, or on the old one.
    const again = lab.links.length === 3 ? lab.link : old;
    again.open();
    assert.deepEqual(again.commands.at(-1), start, `${index}`);
    again.say({ resp_type: "START", trace_id: "again" });
    lab.capture(4_000, loud);
    again.say({ ...result(1_000, 7_000, "two"), trace_id: "again" });
    assert.deepEqual(texts(lab), ["one", "two"], `${index}`);
    assert.equal(lab.transcripts[1]?.startMs, lab.log.wallMs(0) + 16_000);
  }
});

test("the session that took over may fail at any time: what it was sent goes out again", () => {
  for (const before of [true, false]) {
    const lab = rotationLab();
    const [old, next] = ready(lab, pausing([22_000, 23_000]));
    lab.capture(3_000, pausing([22_000, 23_000]));
    if (before) next.end({ how: "closed", code: 1006, reason: "", asked: false });
    old.say(result(1_000, 22_000, "one"));
    old.say(ended("NORMAL"));
    lab.capture(400, loud);
    if (!before) next.end({ how: "closed", code: 1006, reason: "", asked: false });
    assert.equal(lab.log.cursor / 8, 22_300);
    lab.capture(1_500, loud);
    lab.stream();
    lab.capture(1_000, loud);
    lab.link.say({ ...result(0, 1_000, "two"), trace_id: "trace-3" });
    assert.deepEqual(texts(lab), ["one", "two"]);
    assert.equal(lab.transcripts[1]?.startMs, lab.log.wallMs(0) + 22_300);
    assert.equal(lab.errors.length, 1);
  }
});

test("a session that fails while the next one is being prepared is tried again as ever; the prepared one is dropped", () => {
  const lab = rotationLab();
  const [old, next] = ready(lab);
  old.end({ how: "closed", code: 1006, reason: "", asked: false });
  assert.ok(next.closeAsked);
  lab.capture(1_500, loud);
  assert.equal(lab.links.length, 3);
});

test("a stop in the middle of the change waits for the last results of both sessions, in order", async () => {
  const lab = rotationLab();
  const [old, next] = ready(lab, pausing([22_000, 23_000]));
  lab.capture(3_000, pausing([22_000, 23_000]));
  const done = lab.recognizer.stop();
  assert.deepEqual(next.commands.at(-1), end(false));
  next.say({ ...result(700, 1_500, "two"), trace_id: "trace-2" });
  next.say(ended("NORMAL"));
  lab.clock.advance(500);
  old.say(result(1_000, 22_000, "one"));
  old.say(ended("NORMAL"));
  await done;
  assert.deepEqual(texts(lab), ["one", "two"]);
  assert.equal(lab.log.ledger().pendingMs, 0);
  assert.equal(lab.clock.pending, 0);
  assert.equal(phases(lab).at(-1), "stopped");
});

test("a stop when the last results of the session before are in does not wait for more of it", async () => {
  const lab = rotationLab();
  const [old, next] = ready(lab, pausing([22_000, 23_000]));
  lab.capture(3_000, pausing([22_000, 23_000]));
  old.say(result(1_000, 22_000, "one"));
  old.say(ended("NORMAL"));
  next.say({ ...result(700, 1_500, "two"), trace_id: "trace-2" });
  const done = lab.recognizer.stop();
  assert.deepEqual(texts(lab), ["one", "two"]);
  next.say(ended("NORMAL"));
  await done;
  assert.equal(lab.log.ledger().pendingMs, 0);
  assert.equal(lab.clock.pending, 0);
});

test("a stop drops what was only prepared, and what the session before leaves open is not counted as heard", async () => {
  const prepared = rotationLab();
  const [first, second] = ready(prepared);
  const done = prepared.recognizer.stop();
  assert.ok(second.closeAsked);
  first.say(ended("NORMAL"));
  await done;
  assert.equal(prepared.clock.pending, 0);

  const changing = rotationLab();
  ready(changing, pausing([22_000, 23_000]));
  changing.capture(3_000, pausing([22_000, 23_000]));
  const over = changing.recognizer.stop();
  changing.clock.advance(2_500);
  await over;
  assert.equal(changing.log.settled, 0);
  assert.equal(changing.clock.pending, 0);
});

test("the end of the source in the middle of the change: the last results of both, then the end", async () => {
  const lab = rotationLab();
  const [old, next] = ready(lab, pausing([22_000, 23_000]));
  lab.capture(3_000, pausing([22_000, 23_000]));
  lab.recognizer.sourceEnded();
  lab.clock.advance(100);
  assert.deepEqual(next.commands.at(-1), end(false));
  next.say({ ...result(700, 1_500, "two"), trace_id: "trace-2" });
  next.say(ended("NORMAL"));
  old.say(result(1_000, 22_000, "one"));
  old.say(ended("NORMAL"));
  lab.clock.advance(3_000);
  await lab.recognizer.stopped;
  assert.deepEqual(texts(lab), ["one", "two"]);
  assert.equal(lab.log.ledger().pendingMs, 0);
});

test("a change of settings in the middle of the change: the session before ends, and one with the new settings follows", () => {
  const lab = rotationLab();
  const [old, next] = ready(lab, pausing([22_000, 23_000]));
  lab.capture(3_000, pausing([22_000, 23_000]));
  lab.recognizer.reconfigured();
  assert.ok(next.closeAsked);
  old.say(result(1_000, 22_000, "one"));
  old.say(ended("NORMAL"));
  lab.clock.advance(300);
  assert.equal(lab.links.length, 3);
  lab.stream();
  lab.capture(1_000);
  lab.link.say({ ...result(0, 500, "two"), trace_id: "trace-3" });
  assert.equal(lab.transcripts[1]?.startMs, lab.log.wallMs(0) + 22_300);
});

test("sentence and short mode change the connection between two sessions, before it is too old", () => {
  const week = 7 * 24 * 3_600_000;
  for (const [mode, reason] of [
    ["sentence", { resp_type: "EVENT", trace_id: "t", event: "VOICE_END", timestamp: 0 }],
    ["short", null],
  ] as const) {
    const own = mode === "short" ? { rollInPauseMs: 6_000, rollMs: 8_000 } : { rollInPauseMs: week, rollMs: week };
    const lab = rotationLab(mode, own);
    lab.capture(100, loud);
    lab.stream();
    const kept: boolean[] = [];
    for (let session = 0; session < 4; session += 1) {
      const { link } = lab;
      lab.capture(8_200, loud);
      if (reason !== null) link.say(reason);
      link.say(result(0, 7_000, `${session}`));
      link.say(ended("NORMAL"));
      lab.capture(500, loud);
      kept.push(lab.link === link);
      if (lab.link !== link) lab.link.open();
      lab.link.say({ resp_type: "START", trace_id: `u${session}` });
    }
    assert.deepEqual(kept, [true, true, false, true], mode);
    assert.equal(lab.links.length, 2);
    assert.deepEqual(lab.errors, []);
  }
});

test("a connection is replaced before the token that it was opened with ends", () => {
  const goodForMs = [30_000, 86_400_000];
  const lab = rotationLab(
    "continuous",
    { rollInPauseMs: 3_600_000, rollMs: 7_200_000, reconnectInPauseMs: 3_600_000, reconnectMs: 7_200_000 },
    () => goodForMs.shift() ?? null,
  );
  lab.capture(100, loud);
  lab.stream();
  lab.capture(26_000, loud);
  assert.equal(lab.links.length, 1);
  lab.capture(1_500, loud);
  assert.equal(lab.links.length, 2, "the next connection is opened while the token is still good");
  lab.stream();
  lab.capture(3_000, pausing([28_000, 30_000]));
  assert.deepEqual(nth(lab, 0).commands.at(-1), end(false));
  nth(lab, 0).say(ended("NORMAL"));
  lab.capture(60_000, loud);
  assert.equal(lab.links.length, 2);
});

test("in sentence mode, too, a connection is replaced before its token ends, once", () => {
  const goodForMs = [30_000, 86_400_000];
  const week = 7 * 24 * 3_600_000;
  const bounds = { rollInPauseMs: week, rollMs: week, reconnectInPauseMs: week, reconnectMs: week };
  const lab = rotationLab("sentence", bounds, () => goodForMs.shift() ?? null);
  lab.capture(100, loud);
  lab.stream();
  const connections: number[] = [];
  for (let session = 0; session < 6; session += 1) {
    const { link } = lab;
    lab.capture(8_200, loud);
    link.say(result(0, 7_000, `${session}`));
    link.say(ended("NORMAL"));
    lab.capture(500, loud);
    if (lab.link !== link) lab.link.open();
    lab.link.say({ resp_type: "START", trace_id: `u${session}` });
    connections.push(lab.links.length);
  }
  assert.deepEqual(connections, [1, 1, 1, 2, 2, 2]);
  assert.deepEqual(lab.errors, []);
});
