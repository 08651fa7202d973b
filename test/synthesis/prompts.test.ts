import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Outcome } from "../../src/synthesis/outcome.ts";
import { Prompts } from "../../src/synthesis/prompts.ts";
import type { SpeechError } from "../../src/synthesis/report.ts";
import { givesWay, type SayRequest } from "../../src/synthesis/speech.ts";
import { errorReport } from "../fleet/samples.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const account = { spokenMs: 0, firstSoundMs: null, retries: 0, repeats: 0 };

const error: SpeechError = { ...errorReport, heard: false };
const outcomes: Readonly<Record<"spoken" | "cancelled" | "unspoken", Outcome>> = {
  spoken: { result: "spoken", ...account },
  cancelled: { result: "cancelled", reason: "a command", ...account },
  unspoken: { result: "unspoken", error, ...account },
};

function lab() {
  const clock = new ManualClock();
  const said: SayRequest[] = [];
  const prepared: string[] = [];
  const answer: { is: keyof typeof outcomes } = { is: "spoken" };
  const speech = {
    say: (request: SayRequest): Promise<Outcome> => {
      said.push(request);
      return Promise.resolve({ result: "spoken", ...account });
    },
    prepare: (text: string): Promise<Outcome> => {
      prepared.push(text);
      return Promise.resolve(outcomes[answer.is]);
    },
  };
  const texts = { start: "Bereit.", mute: undefined, unmute: undefined, alarm: "Hilfe." };
  return { clock, said, prepared, answer, prompts: new Prompts(speech, texts, clock) };
}

test("a prompt is kept, and not said when it is half a minute late; one that is not set is not said", () => {
  const { clock, said, prompts } = lab();
  prompts.say("start");
  prompts.say("mute");
  assert.deepEqual(said, [{ text: "Bereit.", keep: true, notAfterMs: clock.wallMs() + 30_000 }]);
});

test("an alarm is said once, before others, and no two within a minute", () => {
  const { clock, said, prompts } = lab();
  prompts.alarm("a");
  prompts.alarm("a");
  prompts.alarm("b");
  assert.deepEqual(
    said.map(({ text, priority }) => [text, priority]),
    [["Hilfe.", 8]],
  );
  clock.advance(60_000);
  prompts.alarm("a");
  assert.equal(said.length, 1);
  prompts.alarm("b");
  assert.equal(said.length, 2);
});

/** The service is there: what was asked for, in the order of the texts. */
async function fetched({ prompts, prepared }: ReturnType<typeof lab>): Promise<readonly string[]> {
  prompts.prepare();
  await setImmediate();
  return prepared.splice(0);
}

test("what was not fetched is fetched the next time the service is there, what was is not", async () => {
  const all = lab();
  all.answer.is = "cancelled";
  assert.deepEqual(await fetched(all), ["Bereit.", "Hilfe."]);
  all.answer.is = "spoken";
  assert.deepEqual(await fetched(all), ["Bereit.", "Hilfe."]);
  assert.deepEqual(await fetched(all), []);
});

test("what the service does not speak it is asked for ever more rarely, until it does", async () => {
  const all = lab();
  all.answer.is = "unspoken";
  let asked = 0;
  const roundsMs: number[] = [];
  // As in sentence mode: the service is there every two seconds, for a day.
  for (let second = 0; second < 86_400; second += 2) {
    const { length } = await fetched(all);
    if (length > 0) roundsMs.push(second * 1_000);
    asked += length;
    all.clock.advance(2_000);
  }
  assert.ok(asked >= 2 * 20 && asked <= 2 * 32, `${asked} times`);
  assert.deepEqual(roundsMs.slice(0, 4), [0, 60_000, 180_000, 420_000], "whatever the number of texts");
  all.answer.is = "spoken";
  all.clock.advance(3_600_000);
  assert.deepEqual(await fetched(all), ["Bereit.", "Hilfe."]);
});

test("what gave way to something that is to be heard is fetched after it, without another session", async () => {
  const all = lab();
  const texts: string[] = [];
  const speech = {
    say: () => Promise.resolve(outcomes.spoken),
    prepare(text: string): Promise<Outcome> {
      texts.push(text);
      const gaveWay: Outcome = { result: "cancelled", reason: givesWay, ...account };
      return Promise.resolve(texts.length === 1 ? gaveWay : outcomes.spoken);
    },
  };
  const prompts = new Prompts(
    speech,
    { start: "Bereit.", mute: undefined, unmute: undefined, alarm: undefined },
    all.clock,
  );
  prompts.prepare();
  await setImmediate();
  prompts.prepare();
  assert.deepEqual(texts, ["Bereit.", "Bereit."]);
});
