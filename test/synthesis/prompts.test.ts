import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../src/synthesis/outcome.ts";
import { Prompts } from "../../src/synthesis/prompts.ts";
import type { SayRequest } from "../../src/synthesis/speech.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const account = { spokenMs: 0, firstSoundMs: null, retries: 0, repeats: 0 };

function lab() {
  const clock = new ManualClock();
  const said: SayRequest[] = [];
  const prepared: string[] = [];
  const reachable = { yes: true };
  const speech = {
    say: (request: SayRequest): Promise<Outcome> => {
      said.push(request);
      return Promise.resolve({ result: "spoken", ...account });
    },
    prepare: (text: string): Promise<Outcome> => {
      prepared.push(text);
      return Promise.resolve(reachable.yes ? { result: "spoken", ...account } : { result: "expired" });
    },
  };
  const texts = { start: "Bereit.", mute: undefined, unmute: undefined, alarm: "Hilfe." };
  return { clock, said, prepared, reachable, prompts: new Prompts(speech, texts, clock) };
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

test("what could not be fetched is fetched the next time the service is there, what was is not", async () => {
  const { prepared, reachable, prompts } = lab();
  reachable.yes = false;
  prompts.prepare();
  await Promise.resolve();
  await Promise.resolve();
  reachable.yes = true;
  prompts.prepare();
  await Promise.resolve();
  await Promise.resolve();
  prompts.prepare();
  assert.deepEqual(prepared, ["Bereit.", "Hilfe.", "Bereit.", "Hilfe."]);
});
