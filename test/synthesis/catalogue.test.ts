import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { symptomOfSpeechError } from "../../src/fleet/diagnosis.ts";
import type { AlarmType } from "../../src/fleet/schema.ts";
import { catalogue, type Diagnosis, type ErrorClass } from "../../src/sis/catalogue.ts";
import type { Outcome } from "../../src/synthesis/outcome.ts";
import { runs, speechLab } from "./lab.ts";

/** Every row of the error catalogue, and what has none, met before and in the middle of the sound. */

interface Expected {
  readonly alarm: AlarmType;
  /** How often the text is asked for again, where nothing of it was heard: then it succeeds, or is given up. */
  readonly retries: 0 | 1 | 2 | 3;
}

const expected: Readonly<Record<ErrorClass, Expected>> = {
  service: { alarm: "service", retries: 3 },
  network: { alarm: "service", retries: 3 },
  silence: { alarm: "service", retries: 3 },
  audio: { alarm: "service", retries: 3 },
  sequence: { alarm: "service", retries: 3 },
  throttled: { alarm: "throttled", retries: 2 },
  credentials: { alarm: "credentials", retries: 1 },
  account: { alarm: "account", retries: 0 },
  config: { alarm: "config", retries: 0 },
};

type Lab = ReturnType<typeof speechLab>;

/** Trouble of one kind, on the connection that is there. It may take the clock to be noticed. */
interface Trouble {
  readonly name: string;
  readonly code: string;
  readonly class: ErrorClass;
  readonly kind: string;
  readonly strike: (lab: Lab) => Promise<void> | void;
}

const closed = { how: "closed", code: 1006, reason: "", asked: false } as const;

const spoken = ({ code, class: errorClass }: Diagnosis): Trouble[] =>
  ["ERROR", "FATAL_ERROR"].map((kind) => ({
    name: `${code} as ${kind}`,
    code,
    class: errorClass,
    kind,
    strike: (lab) => lab.link.say({ resp_type: kind, error_code: code, error_msg: "***", trace_id: "t" }),
  }));

const rows = catalogue.filter((row) => row.code.startsWith("SIS.") || row.code.startsWith("APIGW."));
const troubles: readonly Trouble[] = [
  ...rows.flatMap(spoken),
  { name: "disconnect", code: "link-lost", class: "network", kind: "LOST", strike: (lab) => lab.link.end(closed) },
  { name: "stall", code: "link-timeout", class: "network", kind: "LOST", strike: (lab) => lab.pass(10_000) },
  {
    name: "END, reason ERROR, without an ERROR",
    code: "unasked-end",
    class: "service",
    kind: "PROTOCOL",
    strike: (lab) => lab.link.say({ resp_type: "END", reason: "ERROR", trace_id: "t" }),
  },
];

const pieceMs = 400;

/** The whole sound of the text, and its END. */
function speakWhole(lab: Lab): void {
  lab.accept(lab.link);
  lab.link.sound(lab.sound(pieceMs, 7));
  lab.link.say({ resp_type: "END", trace_id: "t", reason: "NORMAL" });
}

/** As far as the trouble. */
function speakPart(lab: Lab, partMs: number): void {
  lab.accept(lab.link);
  if (partMs > 0) lab.link.sound(lab.sound(partMs, 5));
}

async function concluded(lab: Lab, told: { outcome: Outcome | null }): Promise<Outcome> {
  await lab.pass(2_000);
  assert.ok(told.outcome !== null, "it is over");
  assert.equal(lab.clock.pending, 0, "no timer is left");
  assert.ok(
    lab.links.every((link) => link.ended),
    "no connection is left",
  );
  return told.outcome;
}

function checkReport(lab: Lab, trouble: Trouble, heard: boolean): void {
  const error = lab.errors.at(-1);
  assert.equal(error?.code, trouble.code);
  assert.equal(error.kind, trouble.kind);
  assert.equal(error.class, trouble.class);
  assert.equal(error.heard, heard);
  assert.notEqual(error.hint, "");
  assert.equal(symptomOfSpeechError(error).alarm, expected[trouble.class].alarm);
}

test("the catalogue is walked whole", () => {
  assert.ok(rows.length >= 50, `${rows.length} rows`);
});

for (const trouble of troubles) {
  const { retries } = expected[trouble.class];
  describe(trouble.name, () => {
    test(`before the sound: ${retries === 0 ? "given up at once" : "asked for again, and heard once"}`, async () => {
      const lab = speechLab();
      const told = lab.say("Eins.");
      speakPart(lab, 0);
      await trouble.strike(lab);
      checkReport(lab, trouble, false);
      assert.equal(lab.renewals, trouble.class === "credentials" ? 1 : 0);
      if (retries === 0) {
        const outcome = await concluded(lab, told);
        assert.equal(outcome.result, "unspoken");
        assert.equal(runs(lab.speaker.given), "");
        assert.deepEqual(lab.asked, ["Eins."]);
        return;
      }
      await lab.nextLink(1);
      speakWhole(lab);
      const outcome = await concluded(lab, told);
      assert.deepEqual([outcome.result, lab.asked], ["spoken", ["Eins.", "Eins."]]);
      assert.equal(runs(lab.speaker.given), `7x${pieceMs}`, "what was heard is the text, once");
    });

    test("before the sound, and again and again: given up, and nothing was heard", async () => {
      const lab = speechLab();
      const told = lab.say("Eins.");
      for (let n = 0; n <= retries; n += 1) {
        if (n > 0) await lab.nextLink(n);
        speakPart(lab, n % 2 === 0 ? 0 : 100); // less than the cushion: withdrawn
        await trouble.strike(lab);
      }
      const outcome = await concluded(lab, told);
      assert.ok(outcome.result === "unspoken");
      assert.equal(outcome.error.code, trouble.code);
      assert.equal(outcome.error.retryInMs, null);
      assert.equal(outcome.spokenMs, 0);
      assert.equal(runs(lab.speaker.given), "");
      assert.equal(lab.asked.length, retries + 1);
    });

    test("in the middle of the sound: what was heard stands, the sentence is begun again once", async () => {
      const lab = speechLab();
      const told = lab.say("Eins.");
      speakPart(lab, 200);
      await lab.pass(10);
      await trouble.strike(lab);
      checkReport(lab, trouble, true);
      if (retries === 0) {
        const outcome = await concluded(lab, told);
        assert.equal(outcome.result, "unspoken");
        assert.ok("spokenMs" in outcome && outcome.spokenMs === 200);
        assert.equal(runs(lab.speaker.given), "5x200");
        return;
      }
      await lab.nextLink(1);
      speakWhole(lab);
      const outcome = await concluded(lab, told);
      assert.ok(outcome.result === "spoken");
      assert.equal(outcome.repeats, 1);
      assert.equal(runs(lab.speaker.given), `5x200 7x${pieceMs}`);
    });

    test("in the middle of the sound, twice: given up", async () => {
      if (retries === 0) return;
      const lab = speechLab();
      const told = lab.say("Eins.");
      speakPart(lab, 200);
      await lab.pass(10);
      await trouble.strike(lab);
      await lab.nextLink(1);
      speakPart(lab, 300);
      await lab.pass(10);
      await trouble.strike(lab);
      const outcome = await concluded(lab, told);
      assert.ok(outcome.result === "unspoken");
      assert.equal(outcome.spokenMs, 500);
      assert.equal(runs(lab.speaker.given), "5x500");
      assert.equal(lab.asked.length, 2);
    });
  });
}
