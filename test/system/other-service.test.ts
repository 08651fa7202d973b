import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Line, runAgent, type Settings } from "../lab/other-service/agent-run.ts";
import type { Chronicle } from "../lab/other-service/chronicle.ts";
import { type Habits, plainHabits, type SentenceManner, type Trouble } from "../lab/other-service/habits.ts";
import * as rephrased from "../lab/other-service/rephrasings.ts";
import { projectId, refusal, startOtherService } from "../lab/other-service/service.ts";
import { plainTape, type TapePlan } from "../lab/other-service/tape.ts";
import {
  comesBackAtOnce,
  everyNumberOnce,
  exitWithinMs,
  linesOf,
  startsAreFew,
  timesAreTrue,
  wordsAreTrue,
} from "../lab/other-service/verdict.ts";

// The whole program against a service that someone else wrote from the vendor's pages, with the ways that each real one
// may have. Whatever those are, and whatever goes wrong: every number on the tape is transcribed once, in order, with
// the time at which it was heard, and the program ends by itself.

interface Case {
  readonly habits?: Partial<Habits>;
  readonly tape?: Partial<TapePlan>;
  readonly settings?: Partial<Settings>;
  readonly also?: (lines: readonly Line[], chronicle: Chronicle) => void;
}

const suiteMs = 240_000;
const token = "MIIFvgYJKoZIhvcNAQcCoIIFrzCC";

async function passes({ habits, tape, settings, also }: Case): Promise<void> {
  await using service = await startOtherService({ ...plainHabits, ...habits });
  const { endpoint, chronicle } = service;
  const run = await runAgent(
    { ...plainTape, ...tape },
    {
      sis: { endpoint, project_id: projectId, ...settings?.sis },
      "sis.auth": settings?.["sis.auth"] ?? { method: "none" },
      audio: settings?.audio ?? {},
    },
    token,
    exitWithinMs + 6_000,
  );
  const speed = Number(settings?.audio?.["speed"] ?? 1);
  try {
    const lines = linesOf(run, speed, chronicle);
    everyNumberOnce(run, lines);
    // What is played faster was heard at no time of the clock on the wall.
    if (speed === 1) timesAreTrue(run, lines, chronicle);
    startsAreFew(chronicle);
    also?.(lines, chronicle);
    assert.deepEqual(chronicle.violations, []);
    assert.equal(await service.openConnections(), 0, "the program left connections behind");
    const { troubles, refusals, startRefusals } = chronicle;
    assert.deepEqual([troubles, refusals, startRefusals], [[], [], []], "not everything went wrong that was to");
  } catch (error) {
    const { starts, requests, heardMs, violations } = chronicle;
    const story = JSON.stringify({ starts, requests, heardMs, violations });
    throw new Error(`${String(error)}\n${story}\n${run.stdout}\n${run.stderr}`, { cause: error });
  }
}

function cases(title: string, width: number, table: Readonly<Record<string, Case>>): void {
  suite(title, { concurrency: width, timeout: suiteMs }, () => {
    for (const [name, each] of Object.entries(table)) {
      test(name, { timeout: 80_000 }, () => passes(each));
    }
  });
}

const bySession = (says: SentenceManner["says"], end: SentenceManner["end"]) => ({ sentence: { says, end } });
const sentenceMode = { sis: { mode: "sentence" } };
const shortMode = { sis: { mode: "short" } };
const tokenAuth = { "sis.auth": { method: "token", token_file: "token" } };
const goingWrong = (...troubles: readonly Trouble[]) => ({ habits: { troubles } });

suite("the program and", { concurrency: 4, timeout: suiteMs }, () => {
  cases("a service that", 9, {
    "fails on noise": {
      habits: { rephrasing: rephrased.failedWithoutResult },
      tape: { noise: true, everyMs: 2200, count: 6 },
    },
    "does as the pages say": {},
    "checks tokens, and adds headers to the upgrade; sound of 44.1 kHz, stereo, 24 bit": {
      habits: { token, upgradeHeaders: ["Server: api-gateway", "X-Request-Id: 4ae0d5", "Set-Cookie: route=7; Path=/"] },
      tape: { rate: 44_100, channels: 2, bits: 24, first: 4711 },
      settings: tokenAuth,
    },
    "has one trace for a connection; sound of 8 kHz, sent in µ-law": {
      habits: { rephrasing: rephrased.traceOfConnection },
      tape: { rate: 8000, first: 9090 },
      settings: { sis: { audio_format: "ulaw8k8bit", property: "chinese_8k_common" } },
    },
    "has a trace for each message; sound of 8 kHz, sent in A-law of 16 kHz": {
      habits: { rephrasing: rephrased.traceOfMessage },
      tape: { rate: 8000 },
      settings: { sis: { audio_format: "alaw16k8bit", chunk_ms: 500 } },
    },
    "has no traces; small messages, and an odd last one": {
      habits: { rephrasing: rephrased.noTrace },
      tape: { tailMs: 803 },
      settings: { sis: { chunk_ms: 50 } },
    },
    "takes its time over START and END, and then closes the connection": {
      habits: { startDelayMs: 300, endDelayMs: 2000, closesAfterEndMs: 1000 },
    },
    "takes its time over results, now more, now less": {
      habits: { resultDelayMs: (nth) => 200 + ((nth * 470) % 1300) },
    },
    "tells three segments at a time": { habits: { segmentsInResult: 3 }, tape: { count: 10 } },
    "tells each segment twice": { habits: { rephrasing: rephrased.repeating } },
    "tells interim results unasked, before the final ones of what was said before": {
      habits: { interimResults: "always", resultDelayMs: () => 1100 },
    },
    "tells interim results when asked": { settings: { sis: { interim_results: true } } },
    "begins segments early, ends them late, so that they overlap": {
      habits: { rephrasing: rephrased.both(rephrased.preRoll(200), rephrased.endWithTail(400)) },
      tape: { everyMs: 900, count: 13 },
      settings: { sis: { vad_tail: 400 } },
    },
    "begins segments early, and tells each twice": {
      habits: { rephrasing: rephrased.both(rephrased.preRoll(200), rephrased.repeating) },
    },
    "ends segments with the silence after them": { habits: { rephrasing: rephrased.endWithTail(500) } },
    "ends segments with silence after them that was never sent": {
      habits: { rephrasing: rephrased.endWithTail(200) },
      tape: { tailMs: 30 },
    },
    "rounds to 100 ms": { habits: { rephrasing: rephrased.rounded(100) }, tape: { everyMs: 1370, tailMs: 25 } },
    "tells words unasked": { habits: { wordInfo: "always" }, also: wordsAreTrue },
    "tells words when asked": { settings: { sis: { need_word_info: true } }, also: wordsAreTrue },
    "says more than is known of it, in unknown messages and fields, and neatly": {
      habits: { rephrasing: rephrased.both(rephrased.moreFields, rephrased.moreMessages), layout: "pretty" },
    },
    "tells of voices in continuous mode, and writes scores as text": {
      habits: { rephrasing: rephrased.scoreAsText, voiceEvents: true },
    },
    "gives no scores, and closes the connection at its END": {
      habits: { rephrasing: rephrased.noScore, closesAfterEndMs: 0 },
    },
    "writes is_final as text": { habits: { rephrasing: rephrased.finalAsText, interimResults: "always" } },
    "understands nothing in noise": { tape: { noise: true, everyMs: 2200, count: 6 } },
    "pings, sends its messages in pieces, takes compression": {
      habits: { pingEveryMs: 1500, fragments: 3, compression: true },
    },
  });

  cases("in sentence mode, a service that", 6, {
    "closes the connection after each sentence": {
      habits: { closesAfterEndMs: 0 },
      settings: sentenceMode,
      also: (_, chronicle) => comesBackAtOnce(chronicle),
    },
    "says RESULT, and waits for the client's END": {
      habits: bySession(["result"], "asked"),
      settings: sentenceMode,
    },
    "ends sentences a little early, so that their last sound is heard again": {
      habits: { rephrasing: rephrased.endEarly(60) },
      settings: sentenceMode,
    },
    "says VOICE_END, RESULT, END": { settings: sentenceMode },
    "says VOICE_END, RESULT, and waits for the client's END": {
      habits: bySession(["voice-end", "result"], "asked"),
      settings: sentenceMode,
    },
    "says RESULT, END": { habits: bySession(["result"], "itself"), settings: sentenceMode },
    "says RESULT, VOICE_END, END": { habits: bySession(["result", "voice-end"], "itself"), settings: sentenceMode },
    "takes its time": {
      habits: { startDelayMs: 200, resultDelayMs: () => 600, endDelayMs: 200 },
      settings: sentenceMode,
    },
    "minds an END that it did not need": { habits: { lateEnd: "error" }, settings: sentenceMode },
    "closes the connection a second after each sentence": {
      habits: { closesAfterEndMs: 1000 },
      settings: sentenceMode,
    },
    "closes the connection after the result, without END": {
      habits: bySession(["voice-end", "result"], "closes"),
      settings: sentenceMode,
      also: (_, chronicle) => comesBackAtOnce(chronicle),
    },
    "understands nothing in noise": {
      tape: { noise: true, everyMs: 2200, count: 6 },
      settings: sentenceMode,
    },
    "begins sentences early, ends them late": {
      habits: { rephrasing: rephrased.both(rephrased.preRoll(200), rephrased.endWithTail(400)) },
      settings: sentenceMode,
    },
    "gives up on silence": {
      tape: { pauseMs: 4000, count: 6 },
      settings: { sis: { mode: "sentence", vad_head: 1500 } },
    },
    "gives up on silence, and waits for the client's END": {
      habits: bySession(["voice-end", "result"], "asked"),
      tape: { pauseMs: 4000, count: 6 },
      settings: { sis: { mode: "sentence", vad_head: 1500 } },
    },
  });

  cases("in short mode, a service that", 2, {
    "tells results as they come": { settings: shortMode },
    "tells all results at the end": { habits: { segmentsInResult: 1000 }, settings: shortMode },
    "hears one long segment": { habits: { shortSegments: "session" }, settings: shortMode },
    "takes a minute at most": {
      tape: { count: 60 },
      settings: { ...shortMode, audio: { speed: 6 } },
      also: (_, chronicle) => assert.equal(chronicle.exceeded, 0, "sessions were longer than allowed"),
    },
  });

  cases("nothing is lost or doubled when", 9, {
    "an ERROR ends the session": goingWrong({
      at: 4000,
      what: { type: "error", code: "SIS.0033", traced: true, rest: "lost", endAfterMs: 0 },
    }),
    "an ERROR has no trace, and its END comes late": goingWrong({
      at: 4500,
      what: { type: "error", code: "SIS.0302", traced: false, rest: "lost", endAfterMs: 1200 },
    }),
    "results were late, and an ERROR came first": {
      habits: {
        resultDelayMs: () => 900,
        troubles: [{ at: 5000, what: { type: "error", code: "SIS.30006", traced: true, rest: "lost", endAfterMs: 0 } }],
      },
    },
    "an ERROR comes before results that still follow": {
      habits: {
        resultDelayMs: () => 900,
        troubles: [
          { at: 5500, what: { type: "error", code: "SIS.0302", traced: true, rest: "told", endAfterMs: 200 } },
        ],
      },
    },
    "an ERROR comes at the end": {
      ...goingWrong({
        at: "end",
        what: { type: "error", code: "SIS.0302", traced: true, rest: "lost", endAfterMs: 100 },
      }),
      tape: { tailMs: 30 },
    },
    "the connection is reset at the end": {
      ...goingWrong({ at: "end", what: { type: "reset" } }),
      tape: { tailMs: 30 },
    },
    "the service freezes at the end": {
      ...goingWrong({ at: "end", what: { type: "freeze" } }),
      tape: { tailMs: 30 },
    },
    "one thing follows the other": goingWrong(
      { at: 2800, what: { type: "error", code: "SIS.0033", traced: true, rest: "lost", endAfterMs: 0 } },
      { at: 3100, what: { type: "reset" } },
      { at: 3400, what: { type: "fatal", code: "SIS.0303", goodbye: true, afterMs: 0 } },
      { at: 6800, what: { type: "error", code: "SIS.0302", traced: true, rest: "lost", endAfterMs: 0 } },
    ),
    "segments end a little early, and the connection is reset": {
      habits: { rephrasing: rephrased.endEarly(60), troubles: [{ at: 5100, what: { type: "reset" } }] },
    },
    "segments overlap, and the connection is reset": {
      habits: {
        rephrasing: rephrased.both(rephrased.preRoll(150), rephrased.endWithTail(400)),
        troubles: [{ at: 5100, what: { type: "reset" } }],
      },
      tape: { everyMs: 900, count: 13 },
      settings: { sis: { vad_tail: 400 } },
    },
    "an ERROR comes in the middle of a sentence": {
      ...goingWrong({
        at: 4000,
        what: { type: "error", code: "SIS.0033", traced: true, rest: "lost", endAfterMs: 0 },
      }),
      settings: sentenceMode,
    },
    "FATAL_ERROR comes in the middle of a sentence": {
      ...goingWrong({ at: 4000, what: { type: "fatal", code: "SIS.0302", goodbye: false, afterMs: 0 } }),
      settings: sentenceMode,
    },
    "the connection is reset in short mode": {
      ...goingWrong({ at: 5000, what: { type: "reset" } }),
      settings: shortMode,
    },
    "a session is ended unasked": goingWrong({ at: 4700, what: { type: "end" } }),
    "the service has had enough of a session": goingWrong({ at: 5100, what: { type: "exceeded-audio" } }),
    "the service freezes": goingWrong({ at: 4600, what: { type: "freeze" } }),
    "START is refused once": { habits: { startRefusals: ["SIS.0303"] } },
    "FATAL_ERROR, and the connection is dropped": goingWrong({
      at: 4200,
      what: { type: "fatal", code: "SIS.0304", goodbye: false, afterMs: 0 },
    }),
    "FATAL_ERROR, and the connection is closed after a while": goingWrong({
      at: 4200,
      what: { type: "fatal", code: "SIS.0303", goodbye: true, afterMs: 700 },
    }),
    "the connection is reset": goingWrong({ at: 4300, what: { type: "reset" } }),
    "the connection is closed, as if all were well": goingWrong({ at: 4800, what: { type: "close", code: 1000 } }),
    "the service restarts": goingWrong({ at: 3900, what: { type: "close", code: 1012 } }),
    "a token is refused once": {
      habits: { token, refusals: [refusal(401, "APIGW.0301", "Incorrect IAM authentication information")] },
      settings: tokenAuth,
    },
    "the service is not available, twice": {
      habits: {
        refusals: [
          refusal(503, "SIS.0033", "service unavailable"),
          { status: 503, headers: { "Content-Type": "text/html" }, body: "<html><h1>503</h1></html>" },
        ],
      },
    },
    "it was too much at once": {
      habits: { refusals: [refusal(429, "APIGW.0308", "Throttled", { "Retry-After": "2" })] },
      also: (_, { requests: [first = Number.NaN, second = Number.NaN] }) =>
        assert.ok(second - first >= 2000, `tried again after ${second - first} ms`),
    },
  });
});
