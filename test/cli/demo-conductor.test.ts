import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Fault } from "../../src/base/fault.ts";
import { Board } from "../../src/cli/demo/board.ts";
import { conduct } from "../../src/cli/demo/conductor.ts";
import type { Scene } from "../../src/cli/demo/happening.ts";
import { noProgress, type Progress } from "../../src/cli/demo/progress.ts";
import { storyOf } from "../../src/cli/demo/story.ts";
import type { FaultEntry } from "../../src/simulator/faults.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const story = storyOf(30);

/** A conductor whose orchestra is played by the test. */
function lab(words: number | null = 20) {
  const clock = new ManualClock();
  const scope = new AbortController();
  const board = new Board(noProgress, clock, scope.signal);
  const scenes: Scene[] = [];
  const faults: FaultEntry["fault"][] = [];
  const begun: number[] = [];
  let over = false;
  const stage = {
    clock,
    board,
    words,
    wordAt: (soundMs: number) => (soundMs % 1_000 === 500 ? "0005" : null),
    service: {
      addFault(entry: FaultEntry) {
        faults.push(entry.fault);
        return {
          id: 1,
          at: null,
          fault: { kind: "reset" },
          added_ms: 0,
          due_ms: 0,
          fired: 0,
          first_fired_ms: null,
          last_fired_ms: null,
          connection: null,
          over: true,
        } as const;
      },
    },
    play: (scene: Scene) => void scenes.push(scene),
  };
  const conducted = conduct(story, stage, (startMs) => begun.push(startMs)).finally(() => {
    over = true;
  });
  conducted.catch(() => {});
  return {
    clock,
    scope,
    scenes,
    faults,
    begun,
    conducted,
    isOver: () => over,
    names: () => scenes.map(({ name }) => name),
    async set(change: Partial<Progress>) {
      board.update({ ...board.progress, ...change });
      await setImmediate();
    },
    async until(ms: number) {
      clock.advance(ms - clock.monotonicMs());
      await setImmediate();
    },
  };
}

const heard = (count: number) => ({ words: Array.from({ length: count }, (_, i) => `${i}`) });

/** Plays it up to the return of the service, 20 s into the story. */
async function untilBack(words: number | null = 20) {
  const stage = lab(words);
  await stage.set({ phase: "streaming", soundMs: 1 });
  await stage.until(story.errorAtMs + 10);
  await stage.set({ soundMs: 500 });
  await stage.set({ errors: new Set([1]), phase: "backing-off" });
  await stage.set({ phase: "streaming" });
  await stage.until(story.fatalAtMs + 10);
  await stage.set({ fatalErrors: new Set([2]), phase: "backing-off", raised: new Set(["a"]) });
  await stage.until(20_000);
  await stage.set({ phase: "streaming", ...heard(5), lagMs: 900 });
  return stage;
}

test("it begins when there is a session and sound, not before", async () => {
  const stage = lab();
  await stage.set({ phase: "streaming" });
  await stage.until(700);
  assert.deepEqual(stage.scenes, []);
  await stage.set({ soundMs: 1 });
  assert.deepEqual([stage.names(), stage.begun], [["listening"], [700]]);
  stage.scope.abort();
});

test("the ERROR comes at its time, in the middle of a word", async () => {
  const stage = lab();
  await stage.set({ phase: "streaming", soundMs: 1 });
  await stage.until(story.errorAtMs + 100);
  await stage.set({ soundMs: 400 });
  assert.deepEqual(stage.faults, []);
  await stage.set({ soundMs: 500 });
  assert.deepEqual(stage.faults, [{ kind: "error", code: "SIS.0305" }]);
  assert.deepEqual(stage.scenes.at(-1), { name: "error", word: "0005" });
  stage.scope.abort();
});

test("where no word comes, or none is known, the ERROR comes all the same", async () => {
  const silent = lab();
  await silent.set({ phase: "streaming", soundMs: 1 });
  await silent.until(story.errorAtMs + 1);
  await silent.until(story.errorAtMs + 2_500);
  assert.deepEqual(silent.scenes.at(-1), { name: "error", word: null });
  silent.scope.abort();
  const unknown = lab(null);
  await unknown.set({ phase: "streaming", soundMs: 500 });
  await unknown.until(story.errorAtMs + 1);
  assert.deepEqual(unknown.scenes.at(-1), { name: "error", word: null });
  unknown.scope.abort();
});

test("the FATAL_ERROR waits for the ERROR's session to be replaced; the door is shut before the service falls", async () => {
  const stage = lab(null);
  await stage.set({ phase: "streaming", soundMs: 1 });
  await stage.until(story.errorAtMs + 1);
  await stage.set({ errors: new Set([1]), phase: "backing-off" });
  await stage.until(story.fatalAtMs + 3_000);
  assert.equal(stage.faults.length, 1);
  await stage.set({ phase: "streaming" });
  assert.deepEqual(stage.faults.slice(1), [
    { kind: "refuse", status: 503, retry_after: story.retryAfterS, for_ms: story.closedMs },
    { kind: "fatal", code: "SIS.0303" },
  ]);
  assert.deepEqual(stage.names(), ["listening", "error", "fatal"]);
  stage.scope.abort();
});

test("a story that goes as planned ends on time", async () => {
  const stage = await untilBack();
  assert.equal(stage.names().at(-1), "back");
  await stage.set({ ...heard(6), lagMs: 5_000 });
  assert.equal(stage.names().at(-1), "back", "a word that waited does not show that it has caught up");
  await stage.set({ ...heard(7), lagMs: 900 });
  assert.equal(stage.names().at(-1), "caught-up");
  await stage.set({ cleared: new Set(["a"]) });
  assert.equal(stage.names().at(-1), "well");
  await stage.until(story.wordsMs + 10);
  assert.deepEqual(stage.scenes.at(-1), { name: "silence", words: 20 });
  await stage.set(heard(20));
  await stage.until(story.endMs - 10);
  assert.equal(stage.isOver(), false);
  await stage.until(story.endMs + 10);
  await stage.conducted;
  assert.deepEqual(stage.names(), ["listening", "error", "fatal", "back", "caught-up", "well", "silence"]);
  assert.equal(stage.clock.pending, 0);
});

test("what is late is waited for: words, and the alarm's clearing", async () => {
  const stage = await untilBack();
  await stage.until(story.endMs + 100);
  assert.equal(stage.names().at(-1), "waiting");
  await stage.set(heard(20));
  await stage.until(story.endMs + 4_000);
  assert.equal(stage.isOver(), false);
  await stage.set({ cleared: new Set(["a"]) });
  await stage.conducted;
  assert.equal(stage.clock.pending, 0);
});

test("but not for ever", async () => {
  const late = await untilBack();
  await late.until(story.endMs + 19_000);
  assert.equal(late.isOver(), false);
  await late.until(story.endMs + 20_100);
  await late.conducted;
  const stuck = lab(null);
  await stuck.set({ phase: "streaming", soundMs: 1 });
  await stuck.set({ phase: "held" });
  await stuck.until(story.errorAtMs + 1);
  await stuck.until(story.endMs + 20_100);
  await stuck.conducted;
  assert.deepEqual(stuck.faults, []);
});

test("of a real microphone no words are awaited", async () => {
  const stage = await untilBack(null);
  await stage.set({ cleared: new Set(["a"]) });
  await stage.until(story.wordsMs + 10);
  await stage.until(story.endMs + 10);
  await stage.conducted;
  assert.deepEqual(stage.scenes.at(-1), { name: "silence", words: null });
});

test("a demo that cannot begin says why", async () => {
  const fault = new Fault("device-missing", "device nosuch is not there", { hint: "plug it in" });
  for (const [progress, code, message] of [
    [{ fault }, "device-missing", /^no sound within 15 s: device nosuch is not there$/],
    [{ phase: "streaming" }, "recorder-stalled", /^no sound came within 15 s$/],
    [{ soundMs: 1, reason: "connecting" }, "internal", /^recognition did not begin within 15 s: .*connecting/],
  ] as const) {
    const stage = lab();
    await stage.set(progress);
    await stage.until(15_100);
    await assert.rejects(
      stage.conducted,
      (error) => error instanceof Fault && error.code === code && message.test(error.message),
    );
  }
});

test("calling off ends every wait at once", async () => {
  const waiting = [lab(), await untilBack()];
  for (const stage of waiting) {
    const reason = new Error("called off");
    stage.scope.abort(reason);
    await assert.rejects(stage.conducted, reason);
    assert.equal(stage.clock.pending, 0);
  }
});
