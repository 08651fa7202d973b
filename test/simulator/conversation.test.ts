import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  type Conversation,
  type ConversationEffect,
  type ConversationEvent,
  type ConversationRules,
  converse,
  freshConversation,
} from "../../src/simulator/conversation.ts";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { parseRequest } from "../../src/simulator/request.ts";
import type { Mode } from "../../src/sis/request.ts";

const config = { audio_format: "pcm16k16bit", property: "chinese_16k_general" };

function rulesFor(mode: Mode, changes: Partial<ConversationRules> = {}): ConversationRules {
  let traces = 0;
  return {
    mode,
    limits: { session: { continuous: 18_000_000, sentence: 60_000, short: 60_000 }, connectionMs: 18_000_000 },
    sentenceEnd: "wait",
    voiceDbfs: -45,
    newTraceId: () => `trace-${++traces}`,
    ...changes,
  };
}

const request = (message: object | string, fault: Extract<ConversationEvent, { type: "request" }>["fault"] = null) =>
  ({
    type: "request",
    request: parseRequest(typeof message === "string" ? message : JSON.stringify(message)),
    fault,
  }) as const;

const events = {
  start: request({ command: "START", config }),
  badStart: request({ command: "START", config: { ...config, audio_format: "mp3" } }),
  end: request({ command: "END", cancel: false }),
  cancel: request({ command: "END", cancel: true }),
  nonsense: request("nonsense"),
  audio: { type: "audio", bytes: new Uint8Array(3200) },
  tinyAudio: { type: "audio", bytes: new Uint8Array(2) },
  hugeAudio: { type: "audio", bytes: new Uint8Array(65_538) },
  informed: { type: "informed" },
  idle: { type: "idle" },
  error: { type: "fault", fault: { kind: "error", code: "SIS.0305" } },
  anonymousError: { type: "fault", fault: { kind: "error", code: "SIS.0305", message: "m", trace_id: null } },
  endlessError: { type: "fault", fault: { kind: "no-end-after-error", code: "SIS.0305" } },
  fatal: { type: "fault", fault: { kind: "fatal", code: "SIS.0303", disconnect_after_ms: 7 } },
  silentFatal: { type: "fault", fault: { kind: "fatal", code: "SIS.0303", disconnect_after_ms: null } },
  unaskedEnd: { type: "fault", fault: { kind: "unasked-end", reason: "NORMAL", results: "dropped" } },
  exceeded: { type: "fault", fault: { kind: "exceeded-audio" } },
  failure: { type: "fault", fault: { kind: "result-without-result" } },
} as const satisfies Readonly<Record<string, ConversationEvent>>;

type EventName = keyof typeof events;

/** Effects in short: what is said, and marks for the others. */
function inShort(effects: readonly ConversationEffect[]): string {
  return effects
    .map((effect) => {
      switch (effect.do) {
        case "fence":
          return "fence";
        case "disconnect":
          return `disconnect:${effect.afterMs}`;
        case "note":
          return `!${effect.violation}`;
        case "say": {
          const { response } = effect;
          switch (response.resp_type) {
            case "ERROR":
              return `ERROR ${response.error_code}${response.trace_id === undefined ? " untraced" : ""}`;
            case "FATAL_ERROR":
              return `FATAL_ERROR ${response.error_code}`;
            case "END":
              return `END ${response.reason}`;
            case "EVENT":
              return response.event;
            default:
              return response.resp_type;
          }
        }
      }
    })
    .join(", ");
}

/** Lets events happen one after the other; effects of the last one, and where it led. */
function play(names: readonly EventName[], rules: ConversationRules): { effects: string; state: Conversation } {
  let state = freshConversation;
  let effects: readonly ConversationEffect[] = [];
  for (const name of names) ({ next: state, effects } = converse(state, events[name], rules));
  return { effects: inShort(effects), state };
}

const situations: Readonly<Record<string, readonly EventName[]>> = {
  opened: [],
  session: ["start", "informed"],
  "session, client uninformed": ["start"],
  "after END": ["start", "informed", "end"],
  "after ERROR": ["start", "informed", "error", "informed"],
  "after ERROR, client uninformed": ["start", "informed", "error"],
  "after a refused START": ["badStart", "informed"],
  "after FATAL_ERROR": ["start", "fatal"],
};

/** The whole protocol: situation → event → what is said, and the phase it leads to. */
const table: Readonly<Record<string, Readonly<Record<EventName, readonly [effects: string, phase: string]>>>> = {
  opened: idle("audio-before-start"),
  "after END": idle("audio-after-end"),
  "after ERROR": idle("audio-after-error"),
  "after ERROR, client uninformed": {
    ...idle(""),
    audio: ["", "idle"],
    tinyAudio: ["", "idle"],
    hugeAudio: ["", "idle"],
  },
  "after a refused START": idle("audio-after-error"),
  session: session(""),
  "session, client uninformed": session("!audio-before-start-response"),
  "after FATAL_ERROR": over(),
};

function idle(stray: string): Record<EventName, readonly [string, string]> {
  return {
    start: ["fence, START", "session"],
    badStart: ["ERROR SIS.0032, fence, !start-refused", "idle"],
    end: ["ERROR SIS.0418, fence, !end-without-session", "idle"],
    cancel: ["ERROR SIS.0418, fence, !end-without-session", "idle"],
    nonsense: ["ERROR SIS.0032, fence, !bad-message", "idle"],
    audio: [`!${stray}`, "idle"],
    tinyAudio: [`!${stray}`, "idle"],
    hugeAudio: [`!${stray}`, "idle"],
    informed: ["", "idle"],
    idle: ["FATAL_ERROR SIS.0304, disconnect:0", "over"],
    error: ["ERROR SIS.0305, fence", "idle"],
    anonymousError: ["ERROR SIS.0305 untraced, fence", "idle"],
    endlessError: ["ERROR SIS.0305, fence", "idle"],
    fatal: ["FATAL_ERROR SIS.0303, disconnect:7", "over"],
    silentFatal: ["FATAL_ERROR SIS.0303", "over"],
    unaskedEnd: ["", "idle"],
    exceeded: ["", "idle"],
    failure: ["", "idle"],
  };
}

function session(early: string): Record<EventName, readonly [string, string]> {
  const also = early === "" ? "" : `, ${early}`;
  return {
    start: ["ERROR SIS.0418, END ERROR, fence, !start-twice", "idle"],
    badStart: ["ERROR SIS.0418, END ERROR, fence, !start-twice", "idle"],
    end: ["END NORMAL", "idle"],
    cancel: ["END CANCEL", "idle"],
    nonsense: ["ERROR SIS.0032, END ERROR, fence, !bad-message", "idle"],
    audio: [early, "session"],
    tinyAudio: [`!chunk-too-short${also}`, "session"],
    hugeAudio: ["ERROR SIS.0032, END ERROR, fence, !chunk-too-long", "idle"],
    informed: ["", "session"],
    idle: ["FATAL_ERROR SIS.0304, disconnect:0", "over"],
    error: ["ERROR SIS.0305, END ERROR, fence", "idle"],
    anonymousError: ["ERROR SIS.0305 untraced, END ERROR, fence", "idle"],
    endlessError: ["ERROR SIS.0305, fence", "idle"],
    fatal: ["FATAL_ERROR SIS.0303, disconnect:7", "over"],
    silentFatal: ["FATAL_ERROR SIS.0303", "over"],
    unaskedEnd: ["END NORMAL, fence", "idle"],
    exceeded: ["EXCEEDED_AUDIO", "session"],
    failure: ["", "session"],
  };
}

function over(): Record<EventName, readonly [string, string]> {
  const nothing = ["", "over"] as const;
  return {
    ...{ start: nothing, badStart: nothing, end: nothing, cancel: nothing, nonsense: nothing, audio: nothing },
    ...{ tinyAudio: nothing, hugeAudio: nothing, informed: nothing, idle: nothing, error: nothing, failure: nothing },
    ...{ anonymousError: nothing, endlessError: nothing, fatal: nothing, silentFatal: nothing, unaskedEnd: nothing },
    exceeded: nothing,
  };
}

suite("the conversation, every situation × every event", () => {
  for (const [situation, before] of Object.entries(situations)) {
    for (const name of Object.keys(events) as EventName[]) {
      test(`${situation}: ${name}`, () => {
        const { effects, state } = play([...before, name], rulesFor("continuous"));
        assert.deepEqual([effects, state.phase], table[situation]?.[name]);
      });
    }
  }
});

suite("the conversation", () => {
  const audio = (samples: Int16Array): ConversationEvent => ({ type: "audio", bytes: new Uint8Array(samples.buffer) });
  /** 10 numbers, cut in messages of 4000 bytes. */
  const sound = numberSound(10, plainNumbers(16000));

  function run(list: readonly ConversationEvent[], rules: ConversationRules): string {
    let state = freshConversation;
    const all: ConversationEffect[] = [];
    for (const event of list) {
      const { next, effects } = converse(state, event, rules);
      state = next;
      all.push(...effects);
    }
    return inShort(all);
  }
  const spoken = Array.from({ length: Math.ceil(sound.length / 2000) }, (_, index) =>
    audio(sound.slice(index * 2000, index * 2000 + 2000)),
  );
  const silent = (ms: number): ConversationEvent[] =>
    Array.from({ length: ms / 100 }, () => ({ type: "audio", bytes: new Uint8Array(3200) }));
  const results = (count: number) => Array.from({ length: count }, () => "RESULT").join(", ");

  test("continuous: a result for each segment, then END", () => {
    assert.equal(
      run([events.start, events.informed, ...spoken, events.end], rulesFor("continuous")),
      `fence, START, ${results(10)}, END NORMAL`,
    );
  });

  test("short: one result, at the end", () => {
    assert.equal(
      run([events.start, events.informed, ...spoken, events.end], rulesFor("short")),
      "fence, START, RESULT, END NORMAL",
    );
  });

  test("sentence: the first sentence with its events; what comes after is ignored until END", () => {
    assert.equal(
      run([events.start, events.informed, ...spoken, events.end], rulesFor("sentence")),
      "fence, START, VOICE_START, VOICE_END, RESULT, END NORMAL",
    );
  });

  test("sentence, the service ENDs by itself: what crosses with it is not the client's mistake", () => {
    assert.equal(
      run([events.start, events.informed, ...spoken], rulesFor("sentence", { sentenceEnd: "auto" })),
      "fence, START, VOICE_START, VOICE_END, RESULT, END NORMAL, fence",
    );
  });

  test("sentence: END in the middle of the sentence finishes it", () => {
    for (const sentenceEnd of ["wait", "auto"] as const) {
      assert.equal(
        run([events.start, events.informed, ...spoken.slice(0, 4), events.end], rulesFor("sentence", { sentenceEnd })),
        "fence, START, VOICE_START, VOICE_END, RESULT, END NORMAL",
      );
    }
  });

  test("sentence: EXCEEDED_SILENCE after vad_head without a voice, and nothing more", () => {
    const start = request({ command: "START", config: { ...config, vad_head: 2000 } });
    assert.equal(
      run([start, events.informed, ...silent(1900), ...spoken, events.end], rulesFor("sentence")),
      "fence, START, EXCEEDED_SILENCE, END NORMAL",
    );
    assert.equal(
      run([start, events.informed, ...silent(1500), ...spoken, events.end], rulesFor("sentence")),
      "fence, START, VOICE_START, VOICE_END, RESULT, END NORMAL",
    );
    assert.equal(run([start, ...silent(5000)], rulesFor("continuous")).includes("EXCEEDED"), false);
    assert.equal(
      run([start, events.informed, ...silent(3000)], rulesFor("sentence", { sentenceEnd: "auto" })),
      "fence, START, EXCEEDED_SILENCE, END NORMAL, fence",
    );
  });

  test("sentence: vad_head 0 waits for ever", () => {
    const start = request({ command: "START", config: { ...config, vad_head: 0 } });
    assert.equal(run([start, events.informed, ...silent(30_000)], rulesFor("sentence")), "fence, START");
  });

  for (const mode of ["continuous", "sentence", "short"] as const) {
    test(`${mode}: EXCEEDED_AUDIO at the limit, with what was said until then`, () => {
      const limits = { session: { continuous: 2000, sentence: 450, short: 2000 }, connectionMs: 1_000_000 };
      const said = { continuous: "RESULT, EXCEEDED_AUDIO, RESULT", short: "EXCEEDED_AUDIO, RESULT" };
      const sentence = "VOICE_START, EXCEEDED_AUDIO, VOICE_END, RESULT";
      assert.equal(
        run([events.start, events.informed, ...spoken, events.end], rulesFor(mode, { limits })),
        `fence, START, ${mode === "sentence" ? sentence : said[mode]}, END NORMAL`,
      );
    });
  }

  test("a connection has a limit of its own, over its sessions", () => {
    const limits = { session: { continuous: 1_000_000, sentence: 1, short: 1 }, connectionMs: 3000 };
    const once = [events.start, events.informed, ...silent(2000), events.end];
    assert.equal(
      run([...once, ...once], rulesFor("continuous", { limits })),
      "fence, START, END NORMAL, fence, START, EXCEEDED_AUDIO, END NORMAL",
    );
  });

  test("END with cancel drops what has not been recognised", () => {
    assert.equal(
      run([events.start, events.informed, ...spoken.slice(0, 4), events.cancel], rulesFor("continuous")),
      "fence, START, END CANCEL",
    );
  });

  test("faults of START and END", () => {
    const rules = rulesFor("continuous");
    const refused = request({ command: "START", config }, { kind: "error-on-start", code: "SIS.0033" });
    assert.equal(run([refused, events.audio], rules), "ERROR SIS.0033, fence");
    const twice = request({ command: "START", config }, { kind: "start-twice" });
    assert.equal(run([twice], rules), "fence, START, START");
    const late = request({ command: "END" }, { kind: "late-result" });
    assert.equal(
      run([events.start, events.informed, ...spoken.slice(0, 4), late], rules),
      "fence, START, END NORMAL, RESULT",
    );
    assert.equal(run([events.start, late], rules), "fence, START, END NORMAL, RESULT");
  });

  test("a failed result has a segment without result, once", () => {
    let state = freshConversation;
    const segments: unknown[] = [];
    for (const event of [events.start, events.informed, events.failure, ...spoken]) {
      const { next, effects } = converse(state, event, rulesFor("continuous"));
      state = next;
      for (const effect of effects) {
        if (effect.do === "say" && effect.response.resp_type === "RESULT") segments.push(effect.response.segments[0]);
      }
    }
    assert.equal(segments.length, 10);
    assert.deepEqual(
      segments.map((segment) => "result" in (segment as object)),
      [false, ...Array.from({ length: 9 }, () => true)],
    );
  });

  test("an ERROR in a session and its END carry the session's trace id; a fault may say otherwise", () => {
    const { next } = converse(freshConversation, events.start, rulesFor("continuous"));
    const { effects } = converse(next, events.error, rulesFor("continuous"));
    assert.deepEqual(
      effects.flatMap((effect) => (effect.do === "say" ? [effect.response] : [])),
      [
        { resp_type: "ERROR", trace_id: "trace-1", error_code: "SIS.0305", error_msg: "recognition error" },
        { resp_type: "END", trace_id: "trace-1", reason: "ERROR" },
      ],
    );
  });

  test("whatever happens, sessions open and close in turn and nothing is said after the end", () => {
    const names = fc.constantFrom(...(Object.keys(events) as EventName[]));
    fc.assert(
      fc.property(
        fc.array(names, { maxLength: 60 }),
        fc.constantFrom<Mode>("continuous", "sentence", "short"),
        (list, mode) => {
          let state = freshConversation;
          let open = false;
          const rules = rulesFor(mode);
          for (const name of list) {
            const { next, effects } = converse(state, events[name], rules);
            if (state.phase === "over") assert.deepEqual(effects, []);
            for (const effect of effects) {
              if (effect.do !== "say") continue;
              const type = effect.response.resp_type;
              if (type === "START") {
                assert.equal(open, false);
                open = true;
              } else if (type === "END") {
                assert.equal(open, true);
                open = false;
              } else if (type === "RESULT" || type === "EVENT") {
                assert.equal(open, true);
              } else if (type === "FATAL_ERROR" || name === "endlessError") {
                open = false;
              }
            }
            assert.equal(open, next.phase === "session");
            state = next;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
