import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../src/base/random.ts";
import type { Mode } from "../../src/sis/request.ts";
import { type Trouble, troubles } from "../lab/model-service.ts";
import { serviceLab, soundOf, speech } from "../lab/service-lab.ts";

function run(seed: string, mode: Mode, plan: readonly Trouble[]) {
  const words = speech(40, seededRandom(`words of ${seed}`));
  const service = serviceLab({ seed, mode, plan });
  const { lab } = service;
  const lastMs = (words.at(-1)?.endMs ?? 0) + 700;
  lab.capture(Math.ceil(lastMs / 100) * 100, soundOf(words));
  service.finish();
  return { lab, words, finals: lab.transcripts.filter((each) => each.final), heard: service.heard };
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
