import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import type { Mode } from "../../src/sis/request.ts";
import { recognitionLab, result } from "../lab/recognition.ts";
import type { ScriptedLink } from "../lab/scripted-link.ts";
import { serviceLab, soundOf, wordAt } from "../lab/service-lab.ts";

const start = (config: object = {}) => ({
  command: "START",
  config: { audio_format: "pcm8k16bit", property: "chinese_8k_common", ...config },
});
const end = (cancel: boolean) => ({ command: "END", cancel });
const chunk = 1600;

test("no connection before there is sound; no audio before the answer to START; then chunk by chunk", () => {
  const lab = recognitionLab();
  assert.equal(lab.links.length, 0);
  lab.capture(200);
  lab.link.open();
  lab.capture(100);
  assert.deepEqual(lab.link.sent, [start()]);
  lab.link.say({ resp_type: "START", trace_id: "t" });
  lab.capture(100);
  assert.deepEqual(lab.link.sent, [start(), chunk, chunk, chunk, chunk]);
});

test("a final result becomes a transcript in the wall clock of the speech, and settles it", () => {
  const lab = recognitionLab();
  const startMs = lab.clock.wallMs();
  lab.capture(1000);
  lab.stream();
  lab.capture(2000);
  lab.link.say(
    result(400, 1500, "你好", {
      result: { text: "你好", score: 0.8, word_info: [{ start_time: 400, end_time: 900, word: "你" }] },
    }),
  );
  assert.deepEqual(lab.transcripts, [
    {
      id: "s-0",
      startMs: startMs + 400,
      endMs: startMs + 1500,
      text: "你好",
      score: 0.8,
      final: true,
      words: [{ word: "你", startMs: startMs + 400, endMs: startMs + 900 }],
      property: "chinese_8k_common",
      traceId: "trace-1",
      session: "session-1",
      resumed: false,
    },
  ]);
  assert.equal(lab.log.settled, 1500 * 8);
});

test("ERROR in a session: silence until the next START is answered, then everything unacknowledged again, once", () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.stream();
  lab.capture(2000);
  lab.link.say(result(0, 1000, "one"));
  lab.link.say({ resp_type: "ERROR", error_code: "SIS.0305", error_msg: "***" });
  const sentAtError = lab.link.sent.length;
  lab.capture(500);
  lab.link.say(result(1000, 1600, "two")); // what was recognised before the END still counts
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "ERROR" });
  lab.capture(5000);
  assert.deepEqual(lab.link.sent.slice(sentAtError), [start()]);
  assert.equal(lab.links.length, 1);
  lab.link.say({ resp_type: "START", trace_id: "second" });
  lab.capture(5000);
  const sentMs = lab.log.cursor / 8;
  assert.equal(sentMs, lab.log.ledger().capturedMs);
  assert.equal(lab.link.audioBytes / 16, 3000 + (sentMs - 1600));
  lab.link.say({ ...result(0, 400, "three"), trace_id: "second" });
  assert.deepEqual(
    lab.transcripts.map((each) => [each.text, each.startMs - (lab.transcripts[0]?.startMs ?? 0)]),
    [
      ["one", 0],
      ["two", 1000],
      ["three", 1600],
    ],
  );
  assert.deepEqual(
    lab.errors.map((error) => [error.kind, error.code, error.traceId, error.class, error.attempt]),
    [["ERROR", "SIS.0305", null, "service", 1]],
  );
});

test("FATAL_ERROR: nothing more is sent, the service disconnects, a new connection goes on where it was", () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.stream();
  lab.capture(1000);
  lab.link.say(result(0, 500, "one"));
  const first = lab.link;
  first.say({ resp_type: "FATAL_ERROR", trace_id: "t", error_code: "SIS.0304", error_msg: "wait voice timeout" });
  const sent = first.sent.length;
  lab.capture(300);
  first.end({ how: "closed", code: 1000, reason: "", asked: false });
  lab.capture(5000);
  assert.equal(first.sent.length, sent);
  assert.equal(lab.links.length, 2);
  lab.stream();
  lab.link.say(result(0, 300, "two"));
  assert.equal(lab.transcripts[1]?.id, "s-4000");
  assert.equal(lab.errors[0]?.class, "silence");
});

test("a service that does not disconnect after a FATAL_ERROR is disconnected", () => {
  const lab = recognitionLab();
  lab.capture(200);
  lab.stream();
  lab.link.say({ resp_type: "FATAL_ERROR", trace_id: "t", error_code: "SIS.0100", error_msg: "x" });
  lab.capture(2500);
  assert.ok(lab.links[0]?.ended);
});

test("a backlog goes out at the catch-up rate, in order, and live again without a seam", () => {
  const lab = recognitionLab({ catchUpRate: 3 });
  lab.capture(20_000);
  lab.stream();
  const atOnce = lab.link.audioBytes / 16;
  assert.ok(atOnce <= 1000);
  lab.capture(5000);
  assert.ok(Math.abs(lab.link.audioBytes / 16 - atOnce - 15_000) <= 200, `${lab.link.audioBytes / 16}`);
  lab.capture(10_000);
  assert.equal(lab.log.unread, 0);
  assert.equal(lab.link.audioBytes / 16, 35_000);
});

test("a socket that does not drain is not filled", () => {
  const lab = recognitionLab();
  lab.capture(200);
  lab.stream();
  lab.link.buffered = 100_000;
  const before = lab.link.audioBytes;
  lab.capture(3000);
  assert.equal(lab.link.audioBytes, before);
  lab.link.buffered = 0;
  lab.capture(1500);
  assert.equal(lab.log.unread, 0);
});

test("speech without words is sent again, at once; the third time it is given up, counted, and the rest goes on", () => {
  const lab = recognitionLab();
  lab.capture(3000);
  lab.stream();
  for (const last of [false, false, true]) {
    lab.link.say(result(500, 1500, null));
    lab.link.say(result(1500, 2000, "after")); // must not settle what has no words yet
    if (last) break;
    assert.deepEqual(lab.link.sent.at(-1), end(true));
    assert.equal(lab.log.settled, 0);
    lab.link.say({ resp_type: "END", trace_id: "t", reason: "CANCEL" });
    lab.capture(100);
    lab.link.say({ resp_type: "START", trace_id: "again" });
    lab.capture(1000);
  }
  assert.deepEqual(lab.errors, [], "that is no failure of the service");
  assert.deepEqual(
    lab.transcripts.map((each) => each.text),
    ["after"],
  );
  assert.equal(lab.log.ledger().lostMs, 1000);
});

test("a late result counts until its audio is sent again, then it is a double", () => {
  const early = recognitionLab();
  early.capture(2000);
  early.stream();
  early.capture(500);
  early.link.say({ resp_type: "END", trace_id: "trace-1", reason: "NORMAL" });
  early.link.say({ ...result(0, 1000, "late"), trace_id: "trace-1" });
  assert.equal(early.transcripts.length, 1);
  assert.equal(early.log.cursor, 8000);

  const late = recognitionLab();
  late.capture(2000);
  late.stream();
  late.capture(500);
  late.link.say({ resp_type: "END", trace_id: "trace-1", reason: "NORMAL" });
  late.capture(2000);
  late.link.say({ resp_type: "START", trace_id: "trace-2" });
  late.capture(500);
  late.link.say({ ...result(0, 1000, "late"), trace_id: "trace-1" });
  late.link.say({ ...result(0, 1000, "again"), trace_id: "trace-2" });
  assert.deepEqual(
    late.transcripts.map((each) => each.text),
    ["again"],
  );
});

test("the same final twice is dropped, also when finals come out of order", () => {
  const lab = recognitionLab();
  lab.capture(2000);
  lab.stream();
  lab.capture(500);
  lab.link.say(result(900, 1500, "two"));
  lab.link.say(result(0, 800, "one"));
  lab.link.say(result(880, 1490, "two"));
  assert.deepEqual(
    lab.transcripts.map((each) => each.text),
    ["two", "one"],
  );
  assert.equal(lab.irregularities.get("repeated-result"), 1);
});

test("a result that cannot be placed or read makes the sound go out again; if that goes on, what it covered is lost", () => {
  const lab = recognitionLab();
  lab.capture(2000);
  lab.stream();
  lab.capture(500);
  lab.link.say(result(50_000, 51_000, "ghost"));
  assert.deepEqual(lab.link.sent.at(-1), end(true));
  for (const last of [false, true]) {
    lab.link.say({ resp_type: "END", trace_id: "t", reason: "CANCEL" });
    lab.capture(5000);
    lab.link.say({ resp_type: "START", trace_id: "again" });
    lab.capture(1000);
    lab.link.garble();
    assert.equal(lab.link.commands.length, last ? 3 + 2 : 2 + 2, last ? "no third time" : "a second time");
  }
  lab.link.say({ ...result(1000, 1500, "next"), trace_id: "again" });
  assert.deepEqual(
    lab.transcripts.map((each) => each.text),
    ["next"],
  );
  assert.equal(lab.log.ledger().lostMs, 1000);
  assert.deepEqual(
    lab.gaps.map((gap) => gap.cause),
    ["unreadable"],
  );
});

test("what cannot be read before a session begins was no result of ours, and takes no try away", () => {
  const lab = recognitionLab();
  lab.capture(100);
  lab.link.open();
  for (let stray = 0; stray < 3; stray += 1) lab.link.garble();
  lab.link.say({ resp_type: "START", trace_id: "trace-1" });
  lab.capture(10_000);
  lab.link.garble();
  assert.deepEqual(lab.link.sent.at(-1), end(true), "its sound is sent again");
  assert.equal(lab.log.ledger().lostMs, 0);
});

test("results out of order have names of their own, in one message and in several", () => {
  const lab = recognitionLab();
  lab.capture(100);
  lab.stream();
  lab.capture(20_000);
  const segment = (startMs: number, text: string) => ({
    start_time: startMs,
    end_time: startMs + 2000,
    is_final: true,
    result: { text, score: 1 },
  });
  const say = (...segments: object[]) => lab.link.say({ resp_type: "RESULT", trace_id: "trace-1", segments });
  say(segment(2000, "two"), segment(0, "one"));
  say(segment(6000, "four"));
  say(segment(4000, "three"));
  assert.deepEqual(
    lab.transcripts.map(({ text }) => text),
    ["one", "two", "four", "three"],
  );
  assert.equal(new Set(lab.transcripts.map(({ id }) => id)).size, 4);
});

test("confirmed silence is settled, but never a segment that may still be open", () => {
  const lab = recognitionLab();
  lab.capture(100);
  lab.stream();
  lab.capture(60_000);
  lab.link.confirm();
  assert.equal(lab.log.settled, 0);
  lab.capture(30_000);
  lab.link.confirm();
  // The service need not be faster than real time: what came with this pong, it may not have heard yet.
  assert.equal(lab.log.settled / 8, 88_000 - 62_500);
});

test("without sound the session is ended before the service disconnects, and begins again with sound", () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.stream();
  lab.clock.advance(16_000);
  assert.deepEqual(lab.link.sent.at(-1), end(false));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  lab.link.say(result(0, 900, "late"));
  assert.equal(lab.transcripts.length, 1, "it was settled by the END, and is told all the same");
  lab.clock.advance(300);
  assert.ok(lab.links[0]?.closeAsked);
  assert.equal(lab.links.length, 1);
  lab.capture(100);
  assert.equal(lab.links.length, 2);
});

test("while the source rests, what was captured is recognised and the session ended at once; nothing more is begun", () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.stream();
  lab.log.append(new Int16Array(80));
  lab.recognizer.rest(true);
  lab.clock.advance(100);
  assert.deepEqual(lab.link.sent.slice(-2), [800, end(false)], "the last 10 ms are filled up to 50");
  lab.link.say(result(0, 900, "one"));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  assert.equal(lab.transcripts.length, 1);
  assert.equal(lab.log.ledger().pendingMs, 0);
  lab.clock.advance(300);
  assert.ok(lab.link.closeAsked);
  assert.equal(lab.clock.pending, 0);
  lab.recognizer.rest(false);
  assert.equal(lab.links.length, 1);
  lab.capture(100);
  assert.equal(lab.links.length, 2);
});

test("what was captured before the source rests is owed: an outage does not change that, and its end is the end of it", () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.link.end({ how: "dead", fault: new Fault("link-lost", "gone") });
  lab.recognizer.rest(true);
  lab.clock.advance(5_000);
  assert.equal(lab.links.length, 2);
  lab.stream();
  assert.equal(lab.link.audioBytes / 16, 1000);
  assert.deepEqual(lab.link.sent.at(-1), end(false));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  lab.clock.advance(60_000);
  assert.equal(lab.links.length, 2);
  assert.equal(lab.log.ledger().pendingMs, 0);
});

test("short mode rolls over before 60 s: in a pause, where there is one", () => {
  const lab = recognitionLab({ mode: "short" });
  const loud = (ms: number) => (ms >= 50_000 && ms < 51_000 ? 0 : Math.sin(ms) * 5000);
  lab.capture(100, loud);
  lab.stream();
  lab.capture(51_500, loud);
  assert.deepEqual(lab.link.commands.at(-1), end(false));
  assert.equal(lab.link.audioBytes / 16, 50_300, "300 ms into the pause");
  lab.link.say(result(0, 50_000, "a minute's speech"));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  assert.deepEqual(lab.link.sent.at(-1), start());
  lab.link.say({ resp_type: "START", trace_id: "u" });
  assert.equal(lab.log.settled / 8, 50_300);
  assert.equal(lab.links.length, 1);
});

test("a result that comes two sessions late is not taken for one of the running session", () => {
  const lab = recognitionLab();
  lab.capture(3000);
  lab.link.open();
  lab.link.say({ resp_type: "START", trace_id: "first" });
  for (const [running, next] of [
    ["first", "second"],
    ["second", "third"],
  ]) {
    lab.capture(1000);
    if (running === "second") lab.link.say({ ...result(0, 2500, "heard"), trace_id: running });
    lab.link.say({ resp_type: "ERROR", error_code: "SIS.0302", error_msg: "", trace_id: running });
    lab.link.say({ resp_type: "END", trace_id: running, reason: "ERROR" });
    lab.capture(3000);
    lab.link.say({ resp_type: "START", trace_id: next });
  }
  lab.capture(1000);
  lab.link.say({ ...result(1000, 2000, "heard"), trace_id: "first" });
  assert.equal(lab.transcripts.length, 1);
  assert.equal(lab.log.settled, 2500 * 8);
});

test("a session that ends for want of sound takes with it what is too short for a message", () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.stream();
  lab.log.append(new Int16Array(70 * 8));
  lab.recognizer.audioArrived();
  assert.equal(lab.link.audioBytes, 1000 * 16);
  lab.clock.advance(15_500);
  assert.equal(lab.link.audioBytes, 1070 * 16);
  assert.deepEqual(lab.link.sent.at(-1), end(false));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  assert.deepEqual([lab.log.settled, lab.log.ledger().pendingMs], [1070 * 8, 0]);
});

test("an END that crosses ours settles what results have settled, and no more: the rest is sent again", () => {
  const lab = recognitionLab();
  lab.capture(100);
  lab.stream();
  lab.capture(3_000);
  lab.link.say(result(500, 1_500, "one"));
  lab.link.deafToPings = true;
  lab.recognizer.sourceEnded();
  assert.deepEqual(lab.link.commands.at(-1), end(false));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  assert.equal(lab.log.settled / 8, 1_500);
  lab.link.deafToPings = false;
  lab.link.say({ resp_type: "START", trace_id: "u" });
  lab.clock.advance(1_000);
  assert.deepEqual(lab.link.commands.at(-1), end(false));
  lab.link.say({ resp_type: "END", trace_id: "u", reason: "NORMAL" });
  assert.deepEqual([lab.log.settled / 8, lab.log.ledger().lostMs], [3_100, 0]);
});

/**
 * Five seconds of sound, and then none for a minute. The service ends each session that it is asked to end.
 * @param asked called with each command; what it returns is called when the answer is out
 */
function fallSilent(reason: string, asked: (link: () => ScriptedLink) => () => void = () => () => {}) {
  let starts = 0;
  const lab: ReturnType<typeof recognitionLab> = recognitionLab({
    onDial(link) {
      lab.clock.after(10, () => link().open());
      return {
        onText({ command }) {
          if (command === "START") starts += 1;
          const traceId = `t${starts}`;
          lab.clock.after(10, () => link().say({ resp_type: command, trace_id: traceId, reason }));
          lab.clock.after(40, asked(link));
        },
      };
    },
  });
  lab.capture(5_000);
  lab.recognizer.rest(true);
  for (let seconds = 0; seconds < 60; seconds += 1) lab.clock.advance(1_000);
  return { lab, starts };
}

test("a service that answers its pings late is believed the second time: its ENDs do not all cross ours", () => {
  const { lab, starts } = fallSilent("NORMAL", (link) => {
    link().deafToPings = true;
    // The pong comes when all is over.
    return () => {
      link().deafToPings = false;
      link().confirm();
    };
  });
  assert.deepEqual([lab.log.ledger().pendingMs, lab.log.ledger().lostMs], [0, 0]);
  assert.ok(starts <= 2, `${starts} sessions`);
});

test("a muted microphone, and a service that cancels each session: it is not asked again and again without a pause", () => {
  const { lab, starts } = fallSilent("CANCEL");
  assert.ok(starts <= 12, `${starts} sessions in a minute`);
  assert.equal(lab.log.ledger().lostMs, 0);
});

test("where nobody pauses, a session is cut at the end of its last result, or ended where it has none", () => {
  const lab = recognitionLab({ mode: "short" });
  const loud = (ms: number) => Math.sin(ms) * 5000;
  lab.capture(100, loud);
  lab.stream();
  lab.capture(50_000, loud);
  lab.link.say(result(1000, 42_500, "one"));
  lab.capture(6_000, loud);
  assert.deepEqual(lab.link.commands.at(-1), end(true));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "CANCEL" });
  lab.link.say({ resp_type: "START", trace_id: "u" });
  assert.equal(lab.log.settled / 8, 42_500);
  lab.capture(43_000, loud);
  assert.deepEqual(lab.link.commands.at(-1), end(false));
  lab.link.say({ resp_type: "END", trace_id: "u", reason: "NORMAL" });
  assert.equal(lab.log.settled / 8, 42_500 + 55_200);
});

test("sentence mode: nothing is sent after the sentence's end; the next session begins at the end of the result", () => {
  const lab = recognitionLab({ mode: "sentence" });
  lab.capture(3000);
  lab.stream();
  lab.capture(1000);
  lab.link.say({ resp_type: "EVENT", trace_id: "t", event: "VOICE_END", timestamp: 0 });
  const sent = lab.link.audioBytes;
  lab.capture(300);
  lab.link.say(result(200, 2000, "sentence"));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  assert.equal(lab.link.audioBytes, sent);
  lab.link.say({ resp_type: "START", trace_id: "u" });
  lab.capture(12_000);
  assert.equal(lab.log.settled / 8, 2000);
  lab.link.say({ resp_type: "EVENT", trace_id: "u", event: "EXCEEDED_SILENCE", timestamp: 0 });
  lab.link.say({ resp_type: "END", trace_id: "u", reason: "NORMAL" });
  assert.equal(lab.log.settled / 8, 2000 + 9000, "a second before the silence was called too long");
});

test("a sentence without a result is not heard for ever: the next session begins a little later", () => {
  const lab = recognitionLab({ mode: "sentence" });
  lab.capture(3000);
  lab.stream();
  lab.capture(1000);
  lab.link.say({ resp_type: "EVENT", trace_id: "t", event: "VOICE_END", timestamp: 0 });
  lab.link.say(result(0, 0, "remains of a word"));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  assert.equal(lab.log.settled / 8, 500);
  assert.deepEqual(lab.transcripts, []);
});

/** Answers whatever the agent asks for a while, and counts what it asked for. */
function starts(mode: Mode, answer: (link: ScriptedLink) => void): number {
  const lab = recognitionLab({
    mode,
    onDial: (link) => {
      lab.clock.after(1, () => link().open());
      return { onText: ({ command }) => void (command === "START" && lab.clock.after(1, () => answer(link()))) };
    },
  });
  lab.capture(60_000);
  return lab.links.flatMap((link) => link.commands).filter((each) => JSON.stringify(each).includes('"START"')).length;
}

test("a service that ends every session before it was of use is not hammered", () => {
  const started = { resp_type: "START", trace_id: "t" };
  const ended = { resp_type: "END", trace_id: "t", reason: "NORMAL" };
  const event = (name: string) => ({ resp_type: "EVENT", trace_id: "t", event: name, timestamp: 0 });
  const closed = { how: "closed", code: 1000, reason: "", asked: false } as const;
  const saying =
    (...messages: readonly object[]) =>
    (link: ScriptedLink) => {
      for (const message of messages) link.say(message);
    };
  const sayingAndClosing = (link: ScriptedLink) => {
    saying(started, event("VOICE_END"))(link);
    link.end(closed);
  };
  const ways: readonly (readonly [Mode, (link: ScriptedLink) => void])[] = [
    ["sentence", saying(started, ended)],
    ["sentence", saying(started, event("EXCEEDED_SILENCE"), ended)],
    ["sentence", sayingAndClosing],
    ["continuous", saying(started, event("EXCEEDED_AUDIO"), ended)],
    ["short", saying(started, event("EXCEEDED_AUDIO"), ended)],
  ];
  for (const [mode, answer] of ways) {
    const count = starts(mode, answer);
    assert.ok(count >= 2 && count <= 15, `${count} STARTs in a minute in ${mode} mode`);
  }
});

test("a source that says its last word while the connection is being let go of is heard all the same", async () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.stream();
  lab.clock.advance(15_500);
  assert.deepEqual(lab.link.sent.at(-1), end(false), "starved");
  lab.log.append(new Int16Array(800));
  lab.recognizer.sourceEnded();
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  lab.clock.advance(300);
  assert.equal(lab.links.length, 2);
  lab.stream();
  lab.clock.advance(200);
  assert.deepEqual(lab.link.sent.slice(-2), [chunk, end(false)]);
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  lab.clock.advance(1000);
  await lab.recognizer.stopped;
});

test("an ERROR that answers the END of a stop does not start anything again", async () => {
  const lab = recognitionLab();
  lab.capture(1000);
  lab.stream();
  const done = lab.recognizer.stop();
  lab.link.say({ resp_type: "ERROR", error_code: "SIS.0305", error_msg: "x" });
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "ERROR" });
  await done;
  assert.equal(lab.links.length, 1);
  assert.equal(lab.clock.pending, 0);
});

test("pongs of a second session settle nothing of it too early", () => {
  const lab = recognitionLab();
  lab.capture(100);
  lab.stream();
  lab.capture(80_000);
  lab.link.say(result(78_000, 79_000, "one"));
  lab.link.say({ resp_type: "ERROR", error_code: "SIS.0305", error_msg: "x" });
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "ERROR" });
  lab.capture(2_000);
  lab.link.say({ resp_type: "START", trace_id: "u" });
  lab.capture(5_000);
  lab.link.confirm();
  assert.equal(lab.log.settled / 8, 79_000);
});

test("a finite source ends with its last results; a stop sends the last piece, ends the session, closes", async () => {
  const finite = recognitionLab();
  finite.capture(1000);
  finite.stream();
  finite.log.append(new Int16Array(80));
  finite.recognizer.sourceEnded();
  finite.clock.advance(100);
  assert.deepEqual(finite.link.sent.slice(-2), [800, end(false)], "the last 10 ms are filled up to 50");
  finite.link.say(result(0, 900, "one"));
  finite.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  finite.clock.advance(1000);
  await finite.recognizer.stopped;
  assert.equal(finite.log.ledger().pendingMs, 0);
  assert.equal(finite.clock.pending, 0);

  const stopped = recognitionLab();
  stopped.capture(1000);
  stopped.stream();
  const done = stopped.recognizer.stop();
  stopped.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
  await done;
  assert.ok(stopped.link.closeAsked);
  assert.equal(stopped.clock.pending, 0);
});

test("every wait ends at once on a stop, and on a change of settings", async () => {
  const held = () => {
    const lab = recognitionLab();
    lab.capture(200);
    lab.link.open();
    lab.link.say({ resp_type: "ERROR", error_code: "SIS.0103", error_msg: "real name" });
    assert.deepEqual(lab.reports.flatMap((report) => (report.type === "phase" ? [report.phase] : [])).at(-1), "held");
    return lab;
  };
  await held().recognizer.stop();
  const changed = held();
  changed.recognizer.reconfigured();
  assert.equal(changed.links.length, 2);
});

test("while nothing can be sent, what falls out of memory is counted, and the newest is sent first thing after", () => {
  const lab = recognitionLab({ memoryMs: 10_000 });
  lab.capture(25_000);
  assert.equal(lab.log.ledger().lostMs, 15_000);
  lab.stream();
  lab.capture(1000);
  lab.link.say(result(0, 500, "first"));
  assert.equal(lab.transcripts[0]?.startMs, lab.log.wallMs(15_000 * 8));
  const lost = lab.gaps.reduce((sum, gap) => sum + gap.lostMs, 0);
  assert.equal(lost, 15_000);
});

test("while the source rests, one sentence after the other is recognised, also where all had been sent during the first", () => {
  const words = [1, 2, 3, 4].map((value) => wordAt(value, value * 1_500));
  const service = serviceLab({ seed: "rest", mode: "sentence", downUntilMs: 7_400, speed: 1.2 });
  const { lab } = service;
  lab.capture(7_500, soundOf(words));
  lab.recognizer.rest(true);
  lab.clock.advance(60_000);
  assert.deepEqual(service.heard, [1, 2, 3, 4]);
  assert.equal(lab.log.ledger().pendingMs, 0);
  assert.equal(lab.clock.pending, 0);
});
