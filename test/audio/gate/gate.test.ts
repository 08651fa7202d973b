import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Decision } from "../../../src/audio/gate/machine.ts";
import { Gate } from "../../../src/audio/gate.ts";
import { AudioLog, balances, type Verdict } from "../../../src/audio/log.ts";
import { ManualClock } from "../../lab/manual-clock.ts";
import { inMemory } from "../../lab/open-log.ts";

const sampleRate = 8000;
const perMs = sampleRate / 1000;
const frame = 20 * perMs;
const hangoverMs = 1000;

/** A gate, and what it has decided about each sample. Its ear takes samples that are not 0 for speech. */
function gateLab(how: { readonly at: "shut" | "always"; readonly ear: boolean }) {
  const verdicts: Verdict[] = [];
  let decided = 0;
  let heard = 0;
  let last = 0;
  const ear = {
    *hear(samples: Int16Array) {
      for (let n = 0; n < samples.length; n += 1) {
        if ((heard + n + 1) % frame === 0) yield { end: n + 1, speech: samples[n] !== 0 };
      }
      last = samples.at(-1) ?? last;
    },
    get suspects() {
      return last !== 0;
    },
  };
  const gate = new Gate({
    at: how.at,
    ear: how.ear ? ear : null,
    sampleRate,
    start: 0,
    hangoverMs,
    decide({ upTo, verdict }) {
      assert.ok(upTo > decided && upTo <= heard + pushing, "in order, and about sound that is there");
      verdicts.push(...Array.from({ length: upTo - decided }, () => verdict));
      decided = upTo;
    },
  });
  let pushing = 0;
  return {
    gate,
    verdicts,
    get heard() {
      return heard;
    },
    get decided() {
      return decided;
    },
    push(samples: number, value: 0 | 1) {
      pushing = samples;
      gate.heard(new Int16Array(samples).fill(value));
      heard += samples;
      pushing = 0;
    },
    pushMs(ms: number, value: 0 | 1 = 0) {
      this.push(ms * perMs, value);
    },
    /** The verdicts in runs: ["silence 4300", "send 2400"], ms. */
    get runs() {
      const runs: { verdict: Verdict; length: number }[] = [];
      for (const verdict of verdicts) {
        const run = runs.at(-1);
        if (run?.verdict === verdict) run.length += 1;
        else runs.push({ verdict, length: 1 });
      }
      return runs.map(({ verdict, length }) => `${verdict} ${length / perMs}`);
    },
  };
}

test("speech passes with what was heard before it and the hangover; what is long before and after does not", () => {
  const lab = gateLab({ at: "shut", ear: true });
  lab.pushMs(5000);
  lab.pushMs(400, 1);
  lab.pushMs(5000);
  lab.gate.end();
  // Noticed at the end of its first frame of 20 ms, with 700 ms kept; the hangover begins at the end of the last.
  assert.deepEqual(lab.runs, ["silence 4300", "send 2100", "silence 4000"]);
});

test("a hangover that is changed counts from the next speech on", () => {
  const lab = gateLab({ at: "shut", ear: true });
  lab.pushMs(1000);
  lab.pushMs(400, 1);
  lab.gate.lingerFor(2 * hangoverMs);
  lab.pushMs(3000);
  lab.pushMs(400, 1);
  lab.pushMs(4000);
  lab.gate.end();
  assert.deepEqual(lab.runs, ["silence 300", "send 2100", "silence 1300", "send 3100", "silence 2000"]);
});

test("nothing waits while the gate is open: sound is decided as it is heard", () => {
  const lab = gateLab({ at: "shut", ear: true });
  lab.pushMs(100, 1);
  for (let n = 0; n < 20; n += 1) {
    lab.push(13, 1);
    assert.equal(lab.decided, lab.heard);
  }
});

test("the button passes what is said as it goes down, while it is held, and the hangover after", () => {
  const lab = gateLab({ at: "shut", ear: false });
  lab.pushMs(3000, 1);
  lab.gate.press();
  lab.pushMs(2000, 1);
  lab.gate.release();
  for (let n = 0; n < 50; n += 1) lab.pushMs(100, 1);
  lab.gate.end();
  assert.deepEqual(lab.runs, ["silence 2500", "send 3500", "silence 4000"]);
});

test("where the recording broke off: what was said before is no beginning of what is said after, and the hangover runs on", () => {
  const lab = gateLab({ at: "shut", ear: false });
  lab.pushMs(3000, 1);
  lab.gate.end();
  lab.gate.resume(60_000);
  lab.pushMs(100);
  lab.gate.press();
  lab.pushMs(1000);
  lab.gate.release();
  lab.pushMs(300);
  lab.gate.end();
  lab.gate.resume(400);
  for (let n = 0; n < 10; n += 1) lab.pushMs(100);
  lab.gate.end();
  assert.deepEqual(lab.runs, ["silence 3000", "send 1700", "silence 700"]);
});

test("pressed again within the hangover: one stretch", () => {
  const lab = gateLab({ at: "shut", ear: false });
  lab.gate.press();
  lab.pushMs(1000);
  lab.gate.release();
  lab.pushMs(500);
  lab.gate.press();
  lab.pushMs(3000);
  lab.gate.release();
  lab.pushMs(900);
  assert.deepEqual(lab.runs, ["send 5400"]);
});

test("muted: nothing passes, whatever the gate; what came before keeps its verdict, and is not sent later", () => {
  for (const [how, before] of [
    [{ at: "always", ear: false }, "send"],
    [{ at: "shut", ear: true }, "silence"],
    [{ at: "shut", ear: false }, "silence"],
  ] as const) {
    const lab = gateLab(how);
    lab.pushMs(600);
    const first = lab.gate.mute();
    const second = lab.gate.mute();
    lab.pushMs(600, 1);
    lab.gate.press();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    lab.pushMs(600, 1);
    assert.deepEqual(lab.runs, [`${before} 600`, "muted 1200"], "as long as one muting lasts");
    second[Symbol.dispose]();
    lab.pushMs(300, 1);
    assert.deepEqual(lab.runs, [`${before} 600`, "muted 1200", "send 300"], "the button is still held");
  }
});

test("at the end, what may be the beginning of a word passes, silence does not", () => {
  const silent = gateLab({ at: "shut", ear: true });
  silent.pushMs(2000);
  silent.gate.end();
  assert.deepEqual(silent.runs, ["silence 2000"]);
  const begun = gateLab({ at: "shut", ear: true });
  begun.pushMs(2000);
  begun.push(frame - 1, 1);
  begun.gate.end();
  assert.equal(begun.runs.length, 2);
  assert.equal(begun.verdicts.at(-1), "send");
});

test("in the audio log: what passes is read, what is withheld is accounted for, the rest waits", () => {
  const log = new AudioLog({
    sampleRate,
    capacityMs: 20_000,
    live: true,
    clock: new ManualClock(),
    onGap: (gap) => assert.fail(`lost: ${gap.cause}`),
    ...inMemory,
  });
  const decide = ({ upTo, verdict }: Decision) => log.decide(upTo, verdict);
  const gate = new Gate({ at: "shut", ear: null, sampleRate, start: log.resumedTo, hangoverMs, decide });
  log.openStream("s");
  const hear = (ms: number) => {
    const samples = new Int16Array(ms * perMs).fill(1);
    log.append(samples);
    gate.heard(samples);
  };
  hear(3000);
  assert.equal(log.unread, 0);
  gate.press();
  hear(1000);
  assert.equal(log.unread / perMs, 1500);
  assert.equal(log.cursor / perMs, 2500);
  const speaking = gate.mute("speaking");
  hear(2000);
  using _muting = gate.mute("muted");
  hear(500);
  speaking[Symbol.dispose]();
  hear(250);
  assert.equal(log.unread / perMs, 1500);
  const ledger = log.ledger();
  assert.ok(balances(ledger));
  assert.deepEqual([ledger.capturedMs, ledger.withheldMs, ledger.pendingMs], [6750, 5250, 1500]);
  assert.deepEqual([ledger.speakingMs, ledger.mutedMs], [2000, 750], "the rest was silence");
});

type Act =
  | { readonly do: "push"; readonly samples: number; readonly value: 0 | 1 }
  | { readonly do: "press" | "release" | "mute" | "unmute" };

test("whatever happens: decisions rise and cover all; speech and half a second before it pass, muted sound does not", () => {
  const act: fc.Arbitrary<Act> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("push" as const),
        samples: fc.integer({ min: 1, max: 12_000 }),
        value: fc.constantFrom<0 | 1>(0, 0, 1),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("press", "release", "mute", "unmute" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), fc.constantFrom("speech", "button", "always"), (acts, kind) => {
      const lab = gateLab({ at: kind === "always" ? "always" : "shut", ear: kind === "speech" });
      const muting: Disposable[] = [];
      let down = false;
      let changes = 0;
      /** What each sample was: spoken in a full frame, captured while muted, or while the button was held; after how many changes of muting. */
      const facts: { speech: boolean; muted: boolean; held: boolean; changes: number }[] = [];
      for (const each of acts) {
        if (each.do === "push") {
          lab.push(each.samples, each.value);
          const fact = { speech: each.value === 1, muted: muting.length > 0, held: down, changes };
          for (let n = 0; n < each.samples; n += 1) facts.push(fact);
        } else if (each.do === "mute" || each.do === "unmute") {
          if (each.do === "mute") muting.push(lab.gate.mute());
          else muting.pop()?.[Symbol.dispose]();
          changes += 1;
        } else {
          down = each.do === "press";
          lab.gate[each.do]();
        }
      }
      lab.gate.end();
      assert.equal(lab.verdicts.length, facts.length, "everything is decided");
      const sent = (at: number) => lab.verdicts[at] === "send";
      for (const [at, fact] of facts.entries()) {
        assert.equal(lab.verdicts[at] === "muted", fact.muted, `at ${at}`);
        if (fact.muted) continue;
        if (kind === "always" || fact.held) assert.ok(sent(at), `at ${at}`);
        const wholeFrame = (at + 1) % frame === 0;
        if (kind !== "speech" || !fact.speech || !wholeFrame) continue;
        // What came before a muting keeps its verdict, however short that was.
        for (let before = at; before > at - 500 * perMs && facts[before]?.changes === fact.changes; before -= 1) {
          assert.ok(sent(before), `${before}, before the speech at ${at}`);
        }
      }
      if (kind !== "speech" && !acts.some((each) => each.do === "press")) {
        assert.equal(lab.verdicts.includes("send"), kind === "always" && facts.some((fact) => !fact.muted));
      }
    }),
    { numRuns: 60 },
  );
});
