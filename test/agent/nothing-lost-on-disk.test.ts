import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../src/base/random.ts";
import type { Mode } from "../../src/sis/request.ts";
import { beginMs, DeviceLab, type DeviceOptions, isMissed, roomyBytes, type Stretch } from "../lab/device-lab.ts";
import { type Trouble, troubles } from "../lab/model-service.ts";
import { speech, type Word } from "../lab/service-lab.ts";

const tenths = (max: number) => fc.integer({ min: 1, max: max * 10 }).map((n) => n * 100);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("hear" as const), ms: tenths(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("outage" as const), ms: tenths(25) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stop" as const), ms: tenths(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), ms: tenths(1), turns: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("speak" as const), ms: tenths(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("mute" as const), ms: tenths(3), deaf: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("break" as const), ms: tenths(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function carryOut(device: DeviceLab, what: Action): Promise<void> | void {
  switch (what.do) {
    case "hear":
      return device.hear(what.ms);
    case "outage":
      return device.outage(what.ms);
    case "stop":
      return device.stop(what.ms - 100);
    case "crash":
      return device.crash(what.ms - 100, { settled: what.turns % 2 === 0, turns: what.turns });
    case "speak":
      return device.speak();
    case "mute":
      return device.mute(what.ms, what.deaf ? "deaf" : "withheld");
    case "break":
      return device.breakOff(what.ms);
    case "restart":
      return device.restart();
  }
}

/** How much of a word is in these stretches, ms. */
function within({ startMs, endMs }: Word, stretches: readonly Stretch[]): number {
  const of = ({ fromMs, toMs }: Stretch) => Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, startMs));
  return stretches.reduce((sum, each) => sum + of(each), 0);
}

function check(options: DeviceOptions, device: DeviceLab): void {
  const { words } = options;
  const lost = device.gaps
    .filter(isMissed(false))
    .map(({ fromMs, toMs }) => ({ fromMs: fromMs - beginMs, toMs: toMs - beginMs }));
  const heard: number[] = [];
  const ids = new Map<string, number>();
  let repeats = 0;
  for (const { transcript, run } of device.told) {
    const { id, text, startMs } = transcript;
    const values = text.split(" ").map(Number);
    const before = ids.get(id);
    ids.set(id, run);
    const fresh = values.filter((value) => !heard.includes(value));
    assert.match(id, /^run-\d+\.\d+-\d+$/);
    if (before !== undefined) {
      repeats += 1;
      assert.ok(run > before, `${id} twice in one run`);
      assert.ok(fresh.length < values.length, `${id} again, and it is something else: ${text}`);
    } else assert.deepEqual(fresh, values, `${text} is told again, as ${id}`);
    heard.push(...fresh);
    const first = words[(values[0] ?? 0) - 1];
    assert.ok(first !== undefined, text);
    const lateMs = startMs - beginMs - first.startMs;
    const whole = within(first, device.captured) >= first.endMs - first.startMs && within(first, lost) === 0;
    const mostMs = (first.endMs - first.startMs) / (whole && within(first, device.crashed) === 0 ? 2 : 1);
    assert.ok(lateMs >= -2 && lateMs <= mostMs + 2, `${text} at its time, not ${lateMs} ms later`);
  }
  assert.ok(repeats <= device.crashes, `${repeats} repeats, ${device.crashes} crashes`);
  assert.deepEqual(
    heard,
    heard.toSorted((a, b) => a - b),
    "in order",
  );
  for (const word of words) {
    const lastsMs = word.endMs - word.startMs;
    const capturedMs = within(word, device.captured);
    const cuts = device.cuts.filter((cut) => within(word, [cut]) > 0).length;
    const excused = within(word, lost) > 0 || within(word, device.crashed) > 0 || cuts > 1;
    const isHeard = heard.includes(word.value);
    if (capturedMs >= lastsMs && !excused) assert.ok(isHeard, `${word.value}, at ${word.startMs} ms, is heard`);
    if (within(word, lost) >= lastsMs) assert.ok(!isHeard, `${word.value}, at ${word.startMs} ms, is lost, and heard`);
    if (capturedMs < lastsMs / 2)
      assert.ok(!isHeard, `${word.value}, at ${word.startMs} ms, is not heard: nobody listened`);
  }
  if (options.disk !== "off" && options.maxBytes >= roomyBytes)
    assert.deepEqual(device.gaps.filter(isMissed(false)), []);
  assert.equal(device.pendingMs, 0);
  assert.deepEqual(device.troubles, []);
  assert.deepEqual(device.files, []);
}

// Speech that comes back without words, or unreadable, three times is given up; that has tests of its own.
const patience = (plan: readonly Trouble[]) =>
  (["no-result", "garbage"] as const).every((what) => plan.filter((trouble) => trouble === what).length <= 2);

const situation = fc.record({
  seed: fc.string(),
  mode: fc.constantFrom<Mode>("continuous", "continuous", "sentence", "short"),
  plan: fc.array(fc.constantFrom(...troubles), { maxLength: 9, size: "max" }).filter(patience),
  speed: fc.constantFrom(Number.POSITIVE_INFINITY, 2, 1.2),
  gate: fc.constantFrom("always" as const, "speech" as const),
  disk: fc.constantFrom("off" as const, "outage" as const, "always" as const, "outage" as const, "always" as const),
  memoryMs: fc.constantFrom(5_000, 10_000, 20_000),
  maxBytes: fc.constantFrom(roomyBytes, roomyBytes, 200_000),
  rollMs: fc.option(fc.integer({ min: 4_000, max: 15_000 })),
  pauseMs: fc.constantFrom(450, 1_500, 6_000),
  actions: fc.array(action, { maxLength: 16, size: "max" }),
});

test("over restarts, crashes, outages longer than memory and mutings: every word that was captured, unless it is told that it is lost", async () => {
  await fc.assert(
    fc.asyncProperty(situation, async ({ pauseMs, actions, ...rest }) => {
      const words = speech(30, seededRandom(`words of ${rest.seed}`), pauseMs);
      // Who is to stop lets go of the connection at once: a result that comes after the END is not waited for.
      const patient = actions.every((each) => each.do !== "stop");
      const plan = rest.plan.filter(
        (trouble) =>
          (patient || trouble !== "late-result") &&
          // An END without a result is an answer in sentence mode: half a second has been judged, words or not.
          (rest.mode !== "sentence" || trouble !== "unasked-end"),
      );
      const options = { ...rest, plan, rollMs: rest.mode === "continuous" ? rest.rollMs : null, words };
      await using device = new DeviceLab(options);
      for (const each of actions) await carryOut(device, each);
      const lastMs = (words.at(-1)?.endMs ?? 0) + 700;
      await device.hear(Math.max(0, lastMs - device.roomMs));
      await device.finish();
      check(options, device);
    }),
    { numRuns: 20 },
  );
});
