import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type AgentRun, runAgent, type Settings } from "../lab/other-service/agent-run.ts";
import type { Chronicle } from "../lab/other-service/chronicle.ts";
import { type Habits, plainHabits, type SentenceManner, type Trouble } from "../lab/other-service/habits.ts";
import * as rephrased from "../lab/other-service/rephrasings.ts";
import { projectId, refusal, startOtherService } from "../lab/other-service/service.ts";
import { plainTape, type TapePlan } from "../lab/other-service/tape.ts";
import { everyNumberOnce, exitWithinMs, linesOf, timesAreTrue } from "../lab/other-service/verdict.ts";

// The whole program against a service that someone else wrote from the vendor's pages, with the ways that each real one
// may have. Whatever those are, and whatever goes wrong: every number on the tape is transcribed once, in order, with
// the time at which it was heard, and the program ends by itself.

interface Case {
  readonly habits?: Partial<Habits>;
  readonly tape?: Partial<TapePlan>;
  readonly settings?: Partial<Settings>;
  readonly also?: (run: AgentRun, chronicle: Chronicle) => void;
  /** What is wrong with the program, as long as it is. */
  readonly todo?: string;
}

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
    exitWithinMs + 8_000,
  );
  const speed = Number(settings?.audio?.["speed"] ?? 1);
  try {
    const lines = linesOf(run, speed);
    everyNumberOnce(run, lines);
    // What is played faster was heard at no time of the clock on the wall.
    if (speed === 1) timesAreTrue(run, lines, chronicle);
    also?.(run, chronicle);
    assert.deepEqual(chronicle.violations, []);
    assert.equal(chronicle.open, 0, "the program left connections behind");
    assert.deepEqual(chronicle.troubles, [], "not everything went wrong that was to");
  } catch (error) {
    const { starts, requests, heardMs, violations } = chronicle;
    const story = JSON.stringify({ starts, requests, heardMs, violations });
    throw new Error(`${String(error)}\n${story}\n${run.stdout}\n${run.stderr}`, { cause: error });
  }
}

function cases(title: string, table: Readonly<Record<string, Case>>): void {
  suite(title, { concurrency: 14 }, () => {
    for (const [name, each] of Object.entries(table)) {
      test(name, { todo: each.todo ?? false, timeout: 60_000 }, () => passes(each));
    }
  });
}

const bySession = (says: SentenceManner["says"], end: SentenceManner["end"]) => ({ sentence: { says, end } });
const sentenceMode = { sis: { mode: "sentence" } };
const shortMode = { sis: { mode: "short" } };
const tokenAuth = { "sis.auth": { method: "token", token_file: "token" } };
const goingWrong = (...troubles: readonly Trouble[]) => ({ habits: { troubles } });

cases("a service that", {
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
  "has a trace for each message; sound of 8 kHz, sent as A-law of 16 kHz": {
    habits: { rephrasing: rephrased.traceOfMessage },
    tape: { rate: 8000 },
    settings: { sis: { audio_format: "alaw16k8bit", chunk_ms: 500 } },
  },
  "has no traces; little messages": {
    habits: { rephrasing: rephrased.noTrace },
    settings: { sis: { chunk_ms: 50 } },
  },
  "takes its time over START and END": { habits: { startDelayMs: 300, endDelayMs: 2000 } },
  "takes its time over results, now more, now less": {
    habits: { resultDelayMs: (nth) => 200 + ((nth * 470) % 1300) },
  },
  "tells three segments at a time": { habits: { segmentsInResult: 3 }, tape: { count: 10 } },
  "tells each segment twice": { habits: { rephrasing: rephrased.repeating } },
  "tells interim results unasked": { habits: { interimResults: "always" } },
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
  "rounds to 10 ms": { habits: { rephrasing: rephrased.rounded(10) } },
  "rounds to 100 ms": { habits: { rephrasing: rephrased.rounded(100) }, tape: { everyMs: 1370 } },
  "tells words unasked": {
    habits: { wordInfo: "always" },
  },
  "says more than is known of it, in unknown messages and fields, and neatly": {
    habits: {
      rephrasing: rephrased.both(rephrased.moreFields, rephrased.moreMessages),
      layout: "pretty",
    },
  },
  "tells of voices in continuous mode": { habits: { voiceEvents: true } },
  "writes scores as text": { habits: { rephrasing: rephrased.scoreAsText } },
  "gives no scores": { habits: { rephrasing: rephrased.noScore } },
  "writes is_final as text": { habits: { rephrasing: rephrased.finalAsText, interimResults: "always" } },
  "understands nothing in noise": { tape: { noise: true, everyMs: 2200, count: 6 } },
  "fails on noise": {
    habits: { rephrasing: rephrased.failedWithoutResult },
    tape: { noise: true, everyMs: 2200, count: 6 },
  },
  "pings, and sends its messages in pieces": { habits: { pingEveryMs: 1500, fragments: 3 } },
  "takes compression": { habits: { compression: true } },
  "closes the connection at its END": { habits: { closesAfterEndMs: 0 } },
  "closes the connection a second after END": { habits: { closesAfterEndMs: 1000, endDelayMs: 500 } },
});

cases("in sentence mode, a service that", {
  "says VOICE_END, RESULT, END": { settings: sentenceMode },
  "says VOICE_END, RESULT, and waits for the client's END": {
    habits: bySession(["voice-end", "result"], "asked"),
    settings: sentenceMode,
  },
  "says RESULT, END": { habits: bySession(["result"], "itself"), settings: sentenceMode },
  "says RESULT, VOICE_END, END": { habits: bySession(["result", "voice-end"], "itself"), settings: sentenceMode },
  "says RESULT late, and then END": {
    habits: { resultDelayMs: () => 600, endDelayMs: 200 },
    settings: sentenceMode,
  },
  "minds an END that it did not need": { habits: { lateEnd: "error" }, settings: sentenceMode },
  "closes the connection after each sentence": { habits: { closesAfterEndMs: 0 }, settings: sentenceMode },
  "closes the connection a second after each sentence": {
    habits: { closesAfterEndMs: 1000 },
    settings: sentenceMode,
  },
  "closes the connection after the result, without END": {
    habits: bySession(["voice-end", "result"], "closes"),
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

cases("in short mode, a service that", {
  "tells results as they come": { settings: shortMode },
  "tells all results at the end": { habits: { segmentsInResult: 1000 }, settings: shortMode },
  "takes a minute at most": {
    tape: { count: 60 },
    settings: { ...shortMode, audio: { speed: 6 } },
    also: (_, chronicle) => assert.equal(chronicle.exceeded, 0, "sessions were longer than allowed"),
  },
});

cases("nothing is lost or doubled when", {
  "an ERROR ends the session": goingWrong({
    atMs: 4000,
    what: { type: "error", code: "SIS.0033", traced: true, endAfterMs: 0 },
  }),
  "an ERROR has no trace, and its END comes late": goingWrong({
    atMs: 4500,
    what: { type: "error", code: "SIS.0302", traced: false, endAfterMs: 1200 },
  }),
  "results were late, and an ERROR came first": {
    habits: {
      resultDelayMs: () => 900,
      troubles: [{ atMs: 5000, what: { type: "error", code: "SIS.30006", traced: true, endAfterMs: 0 } }],
    },
  },
  "START is refused once": { habits: { startRefusals: ["SIS.0303"] } },
  "FATAL_ERROR, and the connection is dropped": goingWrong({
    atMs: 4200,
    what: { type: "fatal", code: "SIS.0304", goodbye: false, afterMs: 0 },
  }),
  "FATAL_ERROR, and the connection is closed after a while": goingWrong({
    atMs: 4200,
    what: { type: "fatal", code: "SIS.0303", goodbye: true, afterMs: 700 },
  }),
  "the connection is reset": goingWrong({ atMs: 4300, what: { type: "reset" } }),
  "the connection is closed, as if all were well": goingWrong({ atMs: 4800, what: { type: "close", code: 1000 } }),
  "the service restarts": goingWrong({ atMs: 3900, what: { type: "close", code: 1012 } }),
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
