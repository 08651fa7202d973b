import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accountNumbers, numberSound, numberWord, plainNumbers } from "../../src/simulator/numbers.ts";
import type { SimulatorOptions } from "../../src/simulator/options.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess, type TranscriptLine } from "./lab/agent-process.ts";

const concurrency = 5;

/** Each number once, in order, at its time: the file's beginning is what the first transcript says it is. */
function checkTimes(lines: readonly TranscriptLine[], shape: ReturnType<typeof plainNumbers>): void {
  const words = lines
    .filter((line) => line.final)
    .flatMap((line) => line.text.split(" ").map((text) => ({ text, line })));
  const beginMs = Date.parse(words[0]?.line.start ?? "") - numberWord(1, shape).startMs;
  for (const { text, line } of words.filter(({ line }) => !line.text.includes(" "))) {
    const truth = numberWord(Number(text), shape);
    assert.ok(Math.abs(Date.parse(line.start) - beginMs - truth.startMs) <= 100, `start of ${text}`);
    assert.ok(Math.abs(Date.parse(line.end) - beginMs - truth.endMs) <= 100, `end of ${text}`);
  }
}

interface Case {
  readonly name: string;
  readonly count?: number;
  readonly sampleRate?: 8000 | 16000;
  readonly sis?: string;
  readonly speed?: number;
  readonly simulator?: SimulatorOptions;
}

const cases: readonly Case[] = [
  { name: "continuous, undisturbed" },
  { name: "8 kHz A-law", sampleRate: 8000, sis: 'audio_format = "alaw8k8bit"\nproperty = "chinese_8k_common"' },
  { name: "16 kHz µ-law, large messages", sis: 'audio_format = "ulaw16k8bit"\nchunk_ms = 500' },
  { name: "sentence mode, ended by the service", sis: 'mode = "sentence"', simulator: { sentenceEnd: "auto" } },
  { name: "sentence mode, waiting for our END", sis: 'mode = "sentence"', simulator: { sentenceEnd: "wait" } },
  { name: "short mode, over its limit of 60 s several times", count: 130, sis: 'mode = "short"', speed: 8 },
  {
    name: "ERROR in a session, ERROR before one, FATAL_ERROR, reset, close",
    count: 14,
    simulator: {
      faults: [
        { at: { audio_ms: 2000 }, fault: { kind: "error", code: "SIS.0305" } },
        { at: { session: 2 }, fault: { kind: "error-on-start", code: "SIS.0303" } },
        { at: { audio_ms: 6000 }, fault: { kind: "fatal", code: "SIS.0100" } },
        { at: { audio_ms: 9000 }, fault: { kind: "reset" } },
        { at: { audio_ms: 13_000 }, fault: { kind: "close", code: 1001 } },
      ],
    },
  },
  {
    name: "garbage, binary, unknown messages, START twice, an unasked END, a result without words, a late one",
    count: 14,
    simulator: {
      faults: [
        { at: { audio_ms: 1500 }, fault: { kind: "unknown-type" } },
        { at: { audio_ms: 2500 }, fault: { kind: "binary" } },
        { at: { audio_ms: 3500 }, fault: { kind: "start-twice" } },
        { at: { audio_ms: 4500 }, fault: { kind: "garbage" } },
        { at: { audio_ms: 7000 }, fault: { kind: "unasked-end" } },
        { at: { audio_ms: 10_000 }, fault: { kind: "result-without-result" } },
        { at: { audio_ms: 14_000 }, fault: { kind: "late-result" } },
        { at: { audio_ms: 17_000 }, fault: { kind: "oversized" } },
      ],
    },
  },
  {
    name: "refused with 503, throttled, and a dead link",
    count: 16,
    simulator: {
      faults: [
        { at: { connection: 1 }, fault: { kind: "refuse", status: 503, times: 1 } },
        { at: { connection: 2 }, fault: { kind: "refuse", status: 429, retry_after: 1, times: 1 } },
        { at: { audio_ms: 3000 }, fault: { kind: "half-open" } },
      ],
    },
  },
];

describe("every number once, in order, at its time; exit 0 when the file is recognised", { concurrency }, () => {
  for (const { name, count = 10, sampleRate = 16000, sis = "", speed = 1, simulator = {} } of cases) {
    test(name, async () => {
      const shape = plainNumbers(sampleRate);
      await using service = await startSimulator(simulator);
      await using agent = await startAgentProcess({
        config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n${sis}\n[audio]\nsource = "file"\npath = "{{wav}}"\nspeed = ${speed}`,
        sound: { samples: numberSound(count, shape), sampleRate },
      });
      assert.equal(await agent.exit(90_000), 0, agent.log);
      assert.deepEqual(
        accountNumbers(count, agent.texts, shape.digits),
        { sent: count, heard: count, lost: 0, doubled: 0, outOfOrder: 0, other: 0 },
        agent.log,
      );
      assert.ok(agent.lines.every((line) => line.type === "transcript"));
      checkTimes(agent.lines, shape);
      const state = service.state();
      assert.deepEqual(state.violations, {}, "the agent keeps to the protocol");
      for (const fault of state.faults) assert.ok(fault.fired > 0, `${JSON.stringify(fault)} was met`);
    });
  }
});
