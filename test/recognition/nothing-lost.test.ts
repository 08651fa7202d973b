import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../src/base/random.ts";
import { type Bounds, sessionBounds } from "../../src/recognition/bounds.ts";
import type { Mode } from "../../src/sis/request.ts";
import { type Trouble, troubles } from "../lab/model-service.ts";
import { type Second, seconds, serviceLab, soundOf, speech, type Word } from "../lab/service-lab.ts";

/** The words are captured while the service does all this, and then all is recognised, however long that takes. */
function run(
  words: readonly Word[],
  options: {
    readonly seed: string;
    readonly mode: Mode;
    readonly plan: readonly Trouble[];
    readonly seconds?: readonly Second[];
    readonly bounds?: Bounds;
    readonly speed?: number;
    readonly downUntilMs?: number;
  },
) {
  const service = serviceLab(options);
  const lastMs = (words.at(-1)?.endMs ?? 0) + 700;
  service.lab.capture(Math.ceil(lastMs / 100) * 100, soundOf(words));
  service.finish();
  return service;
}

/** Every word once, in order; each transcript with an id of its own, and at the time of its first word. */
function check(words: readonly Word[], service: ReturnType<typeof run>): void {
  const { lab, heard } = service;
  assert.deepEqual(
    heard,
    words.map((word) => word.value),
  );
  const finals = lab.transcripts.filter((each) => each.final);
  assert.equal(new Set(finals.map((each) => each.id)).size, finals.length);
  const beginMs = Date.UTC(2026, 0, 1);
  for (const { text, startMs } of finals) {
    const first = words[Number(text.split(" ")[0]) - 1];
    // A word that was cut between two sessions may be heard in the second.
    const halfMs = first === undefined ? Number.NaN : (first.endMs - first.startMs) / 2;
    const lateMs = startMs - beginMs - (first?.startMs ?? Number.NaN);
    assert.ok(lateMs >= -2 && lateMs <= 2 + halfMs, `${text} at its time`);
  }
  const changes = (change: string) =>
    lab.reports.flatMap((each) => (each.type === "session" && each.change === change ? [each.session] : []));
  assert.deepEqual(changes("started").toSorted(), changes("ended").toSorted(), "each session once, from start to end");
  assert.equal(new Set(changes("started")).size, changes("started").length);
  const ledger = lab.log.ledger();
  assert.equal(ledger.lostMs, 0);
  assert.equal(ledger.capturedMs, ledger.acknowledgedMs);
}

// Speech that comes back without words, or unreadable, three times is given up; that has tests of its own.
const patience = (plan: readonly Trouble[]) =>
  (["no-result", "garbage"] as const).every((what) => plan.filter((trouble) => trouble === what).length <= 2);
const plans = fc.array(fc.constantFrom(...troubles), { maxLength: 9, size: "max" }).filter(patience);

/** How fast the service recognises: at once, or not even as fast as a backlog is sent. */
const speeds = fc.constantFrom(Number.POSITIVE_INFINITY, 2, 1.2);
const outages = fc.constantFrom(0, 0, 25_000);

test("whatever a service does, in whatever order: every word once, in order, at its time; the ledger balances", () => {
  const modes = fc.constantFrom<Mode>("continuous", "sentence", "short");
  fc.assert(
    fc.property(fc.string(), modes, plans, speeds, outages, (seed, mode, plan, speed, downUntilMs) => {
      const words = speech(40, seededRandom(`words of ${seed}`));
      check(words, run(words, { seed, mode, plan, speed, downUntilMs }));
    }),
    { numRuns: 150 },
  );
});

test("the same while one session follows another every few seconds, on a connection of its own where the service lets us", () => {
  const config = { audioFormat: "pcm8k16bit", property: "chinese_8k_common" } as const;
  const limit = (ms: number) => ({ rollInPauseMs: ms, rollMs: ms * 2, reconnectInPauseMs: ms, reconnectMs: ms * 2 });
  const limits = fc.integer({ min: 4_000, max: 15_000 });
  const allowed = fc.array(fc.constantFrom(...seconds), { maxLength: 5 });
  // Nearly always somebody speaks, or there are pauses enough.
  const pauses = fc.constantFrom(450, 1_500);
  let changes = 0;
  fc.assert(
    fc.property(fc.string(), plans, allowed, limits, pauses, speeds, (seed, plan, second, ms, pauseMs, speed) => {
      const words = speech(40, seededRandom(`words of ${seed}`), pauseMs);
      const bounds = { ...sessionBounds("continuous", config), ...limit(ms) };
      const service = run(words, { seed, mode: "continuous", plan, seconds: second, bounds, speed });
      check(words, service);
      changes += service.lab.links.length - 1;
    }),
    { numRuns: 200 },
  );
  assert.ok(changes > 200, `${changes} changes of the connection`);
});
