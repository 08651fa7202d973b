import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { calledOffLines, endingLines } from "../../src/cli/demo/ending.ts";
import type { Happening, Scene } from "../../src/cli/demo/happening.ts";
import { type Line, painted, widthOf } from "../../src/cli/demo/line.ts";
import { linesOf } from "../../src/cli/demo/lines.ts";
import { openingLines } from "../../src/cli/demo/opening.ts";
import { sceneLines } from "../../src/cli/demo/scenes.ts";
import { shownLevel, statusArea, statusRows, type View } from "../../src/cli/demo/status.ts";
import { verdictOf } from "../../src/cli/demo/summary.ts";
import {
  after,
  alarmMessage,
  at,
  backingOff,
  error,
  errorMessage,
  published,
  sound,
  streams,
  transcript,
  wallMs,
} from "./demo-samples.ts";

const texts = (lines: readonly Line[]) => lines.map(({ spans }) => painted(spans, false).trimEnd());
const shown = (what: Happening, atMs = 1_000) => texts(linesOf(what, at(atMs)));

test("a word that comes at once is shown with the time at which it was spoken", () => {
  assert.deepEqual(shown(transcript("0007", 200)), ["09:30:01.0 heard 0007  spoken at 09:30:00.2"]);
});

test("a word that had to wait says so", () => {
  const lines = shown(transcript("0007", 200), 5_560);
  assert.deepEqual(lines, ["09:30:05.5 heard 0007  spoken at 09:30:00.2, 5.0 s ago: it waited in the agent"]);
});

test("an error is shown with what the agent does about it", () => {
  assert.deepEqual(shown(error("FATAL_ERROR", "SIS.0303", 420)), [
    "09:30:01.0 agent FATAL_ERROR SIS.0303 “connect engine failed” → tries again in 0.42 s",
  ]);
  assert.deepEqual(shown(error("REFUSED", "HTTP.503", 2_400, 3)), [
    "09:30:01.0 agent refused HTTP.503 “connect engine failed” → tries again in 2.4 s",
  ]);
  assert.deepEqual(shown(error("LOST", "link-lost", null)), [
    "09:30:01.0 agent lost link-lost “connect engine failed”",
  ]);
});

test("a message is shown with its topic and what matters of its payload", () => {
  assert.deepEqual(shown(errorMessage("ERROR", 7)), [
    '09:30:01.0 fleet sis/v1/demo/kiosk-17/up/event/error {"resp_type":"ERROR","error_code":"SIS.0303",' +
      '"error_msg":"connect engine failed","class":"service","action":"back-off","attempt":1,"retry_in_ms":500}',
  ]);
  const [alarm] = shown(alarmMessage("a", "active"));
  assert.match(alarm ?? "", /up\/alarm\/service \{"status":"active",.*"hint":"See the vendor's status page\."\}$/);
  assert.doesNotMatch(shown(alarmMessage("a", "cleared"))[0] ?? "", /hint/);
  const state = { v: 1, online: true, phase: "streaming", boot: "b", session: "s", reason: "ok" };
  assert.deepEqual(shown(published("state", state)), [
    '09:30:01.0 fleet sis/v1/demo/kiosk-17/up/state {"phase":"streaming","reason":"ok"}',
  ]);
  assert.match(shown(published("state", { ...state, online: false }))[0] ?? "", /\{"online":false,/);
});

test("control characters of a message do not reach the terminal", () => {
  const [line] = shown(published("state", { reason: "\u001b[2J\u0007" }));
  assert.match(line ?? "", /\{"reason":"\\u001b\[2J\\u0007"\}$/);
  assert.deepEqual(shown(transcript("\u001b[2J", 0)), ["09:30:01.0 heard  [2J  spoken at 09:30:00.0"]);
});

test("trouble with the sound, and what is lost, is shown", () => {
  const fault = new Fault("device-missing", "device nosuch is not there");
  assert.deepEqual(shown({ type: "capture", event: { type: "interrupted", fault, attempt: 1, retryInMs: 500 } }), [
    "09:30:01.0 agent no sound: device nosuch is not there → tries again in 0.50 s",
  ]);
  assert.deepEqual(shown({ type: "capture", event: { type: "overrun", lostMs: 120 } }), [
    "09:30:01.0 agent the recorder dropped at least 0.12 s of sound",
  ]);
  const gap = { type: "gap", lostMs: 1_500, fromMs: 0, toMs: 1_500, cause: "buffer-full" } as const;
  assert.deepEqual(shown({ type: "report", report: gap }), ["09:30:01.0 agent 1.5 s of sound is lost: buffer-full"]);
});

test("what happens all the time adds no lines", () => {
  assert.deepEqual(
    [sound(50), backingOff(500), transcript("", 0)].flatMap((what) => shown(what)),
    [],
  );
  assert.deepEqual(shown(streams), ["09:30:01.0 agent streams: the service recognises"]);
});

test("every scene stands apart, and says what it means", () => {
  const scenes: readonly Scene[] = [
    { name: "listening" },
    { name: "error", word: "0003" },
    { name: "error", word: null },
    { name: "fatal", closedMs: 5_000, retryAfterS: 2 },
    { name: "back" },
    { name: "caught-up" },
    { name: "well" },
    { name: "silence", words: 23 },
    { name: "silence", words: null },
    { name: "waiting" },
  ];
  const all = scenes.map((scene) => texts(sceneLines(scene, wallMs)));
  for (const lines of all) {
    assert.deepEqual([lines[0], lines.at(-1)], ["", ""]);
    assert.match(lines[1] ?? "", /^09:30:00\.0 ▌ [A-Z].*[.]$/);
  }
  assert.equal(all[1]?.[1], "09:30:00.0 ▌ The service answers ERROR SIS.0305 in the middle of the word 0003.");
  assert.equal(all[2]?.[1], "09:30:00.0 ▌ The service answers ERROR SIS.0305.");
  assert.match(all[3]?.[2] ?? "", /refuses connections for the next 5\.0 s \(HTTP 503, Retry-After: 2\)/);
  assert.match(all[7]?.[1] ?? "", /it has said 23 words\.$/);
});

const view = (progress: View["progress"], said: number | null = 9): View => ({
  progress,
  said,
  nowMs: 12_000,
  startMs: 4_000,
  endMs: 30_000,
});
const rows = (what: View, levelDbfs = -100, columns = 100) =>
  statusRows(what, levelDbfs, columns).map((row) => painted(row, false).trimEnd());

test("the status area shows the time, the phase, the level and the words", () => {
  const [rule, state, level] = rows(view(after(streams, transcript("0001", 0))), -15);
  assert.match(rule ?? "", /^──── *─+ 0:08 of 0:30 ──$/);
  assert.equal(rule?.length, 100);
  assert.equal(state, " ● streaming   the service recognises");
  assert.equal(level, " sound  ▕███████████████     ▏ -15 dBFS  said 9 · heard 1 · 8 words wait in the agent");
});

test("the back-off counts down", () => {
  const progress = after(backingOff(0), backingOff(4_000)); // since 1.0 s
  const stateAt = (nowMs: number) => rows({ ...view(progress), nowMs })[1];
  assert.equal(stateAt(1_000), " ◌ backing-off next attempt in 4.0 s ▕████████████████▏ SIS.0303 away");
  assert.equal(stateAt(4_000), " ◌ backing-off next attempt in 1.0 s ▕████            ▏ SIS.0303 away");
  assert.equal(stateAt(6_000), " ◌ backing-off trying now            ▕                ▏ SIS.0303 away");
});

test("an active alarm stands in the status area until it is cleared", () => {
  assert.match(rows(view(after(alarmMessage("a", "active"))))[0] ?? "", /^── ▲ 1 alarm ─/);
  assert.doesNotMatch(rows(view(after(alarmMessage("a", "active"), alarmMessage("a", "cleared"))))[0] ?? "", /alarm/);
});

test("missing sound takes the place of the level", () => {
  const fault = new Fault("device-missing", "device nosuch is not there");
  const progress = after({ type: "capture", event: { type: "interrupted", fault, attempt: 1, retryInMs: 500 } });
  assert.equal(rows(view(progress))[2], " ✕ no sound: device nosuch is not there");
});

test("before recognition runs there is no time; a microphone's words are not foretold", () => {
  const [rule, , level] = rows({ ...view(after(), null), startMs: null });
  assert.match(rule ?? "", /^─+$/);
  assert.equal(level, " sound  ▕                    ▏ silence   heard 0");
});

test("three rows, none wider than the terminal", () => {
  for (const columns of [20, 39, 60, 200]) {
    const drawn = statusRows(view(after(backingOff(4_000), alarmMessage("a", "active"))), -3, columns);
    assert.equal(drawn.length, 3);
    for (const row of drawn) assert.ok(widthOf(row) <= columns);
  }
});

test("the level rises at once and falls gently", () => {
  assert.equal(shownLevel(-60, -15, 100), -15);
  assert.equal(shownLevel(-15, -100, 100), -19);
  let nowMs = 0;
  const progress = { loud: after(sound(50, 16_384)), quiet: after(sound(50)) };
  const area = statusArea(() => ({ ...view(nowMs === 0 ? progress.loud : progress.quiet), nowMs }));
  const levels = [0, 100, 500].map((ms) => {
    nowMs = ms;
    return /(\S+) dBFS/.exec(painted(area(100)[2] ?? [], false))?.[1];
  });
  assert.deepEqual(levels, ["-6", "-10", "-26"]);
});

test("the opening tells where the sound comes from, and what the voice says", () => {
  const lines = texts(openingLines("a real arecord", 23, 30_000));
  assert.match(lines[1] ?? "", /^sis-agent demo: .* 0:30, Ctrl-C stops\.$/);
  assert.ok(lines.includes("  sound    a real arecord"));
  assert.match(lines[3] ?? "", /^ {2}voice .*0001, 0002/);
  assert.ok(!texts(openingLines("a microphone", null, 30_000)).some((text) => text.includes("voice")));
});

const failures = [errorMessage("ERROR", 1), errorMessage("FATAL_ERROR", 2)];
const ending = (said: number | null, ...heard: readonly Happening[]) =>
  texts(endingLines(verdictOf(after(...failures, ...heard), { said, connections: 2, capture: "arecord" })));

test("the ending shows the figures and what they mean", () => {
  const good = ending(1, transcript("0001", 0));
  assert.ok(good.includes("  words lost    0"));
  assert.equal(good.at(-2), "✓ Every one of the 1 word was heard, once, although the service failed twice.");
  const bad = ending(2, transcript("0001", 0), transcript("00", 0));
  assert.ok(bad.includes("  words lost    1") && bad.includes("  never said    1"));
  assert.equal(bad.at(-2), "✕ The promise was not kept: see the figures above.");
  const live = ending(null, transcript("12", 0));
  assert.ok(live.includes("  sound lost    0.00 s") && !live.some((text) => text.includes("words said")));
  assert.equal(live.at(-2), "✓ No sound was lost, nothing came twice. 1 word heard.");
  assert.match(texts(calledOffLines).join("\n"), /Called off/);
});
