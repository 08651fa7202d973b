import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Random, seededRandom } from "../../src/base/random.ts";
import type { Mode } from "../../src/sis/request.ts";
import { loudness, ModelService, type Trouble, troubles, wordMs } from "../lab/model-service.ts";
import { recognitionLab } from "../lab/recognition.ts";

interface Word {
  readonly value: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Words with pauses between them, some long enough to end a segment, some not. */
function speech(count: number, random: Random): readonly Word[] {
  const words: Word[] = [];
  let atMs = 1000;
  for (let value = 1; value <= count; value += 1) {
    words.push({ value, startMs: atMs, endMs: atMs + wordMs(value) });
    atMs += wordMs(value) + 100 + Math.floor(random() * 1400);
  }
  return words;
}

function run(seed: string, mode: Mode, plan: readonly Trouble[]) {
  const random = seededRandom(seed);
  const words = speech(40, random);
  const queue = [...plan];
  const lab = recognitionLab({
    mode,
    seed,
    onDial: (link) => {
      let service: ModelService | null = null;
      const theService = () => {
        service ??= new ModelService(mode, link(), lab.clock, random, () => queue.shift() ?? "none");
        return service;
      };
      lab.clock.after(0, () => void theService());
      return {
        onText: (message) => theService().handlers.onText(message),
        onAudio: (bytes) => theService().handlers.onAudio(bytes),
      };
    },
  });
  const sampleAt = (ms: number) => (words.find((word) => ms >= word.startMs && ms < word.endMs)?.value ?? 0) * loudness;
  const lastMs = (words.at(-1)?.endMs ?? 0) + 700;
  lab.capture(Math.ceil(lastMs / 100) * 100, sampleAt);
  lab.recognizer.sourceEnded();
  for (let minute = 0; minute < 30 && lab.log.ledger().pendingMs > 0; minute += 1) lab.clock.advance(60_000);
  lab.clock.advance(20_000);
  const finals = lab.transcripts.filter((each) => each.final);
  const heard = finals.flatMap((each) => each.text.split(" ").map(Number));
  return { lab, words, finals, heard };
}

test("whatever a service does, in whatever order: every word once, in order, at its time; the ledger balances", () => {
  const modes = fc.constantFrom<Mode>("continuous", "sentence", "short");
  // Speech that comes back without words three times is given up; that has a test of its own.
  const patience = (plan: readonly Trouble[]) => plan.filter((trouble) => trouble === "no-result").length <= 2;
  const plans = fc.array(fc.constantFrom(...troubles), { maxLength: 9, size: "max" }).filter(patience);
  fc.assert(
    fc.property(fc.string(), modes, plans, (seed, mode, plan) => {
      const { lab, words, finals, heard } = run(seed, mode, plan);
      assert.deepEqual(
        heard,
        words.map((word) => word.value),
      );
      const ids = new Set(finals.map((each) => each.id));
      assert.equal(ids.size, finals.length);
      const beginMs = Date.UTC(2026, 0, 1);
      for (const final of finals) {
        const first = words[Number(final.text.split(" ")[0]) - 1];
        assert.ok(Math.abs(final.startMs - beginMs - (first?.startMs ?? Number.NaN)) <= 2, `${final.text} at its time`);
      }
      const ledger = lab.log.ledger();
      assert.equal(ledger.lostMs, 0);
      assert.equal(ledger.capturedMs, ledger.acknowledgedMs);
    }),
    { numRuns: 150 },
  );
});
