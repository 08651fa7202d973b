import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { mutableSource } from "../../src/audio/mutable-source.ts";
import type { AudioSource, SourceEvent } from "../../src/audio/source.ts";

/** A source that notes what is done to it, and takes its time to stop. */
class Recorder {
  readonly did: string[] = [];
  readonly told: SourceEvent["type"][] = [];
  readonly #stops: (() => void)[] = [];
  #count = 0;

  readonly make = (): AudioSource => {
    const name = (this.#count += 1);
    const stopped = Promise.withResolvers<void>();
    return {
      start: (tell) => {
        this.did.push(`start ${name}`);
        tell({ type: "opened", description: String(name) });
      },
      stop: () => {
        this.did.push(`stop ${name}`);
        this.#stops.push(stopped.resolve);
        return stopped.promise;
      },
    };
  };

  readonly hear = (event: SourceEvent) => void this.told.push(event.type);

  async letStop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await setImmediate();
  }
}

test("muting stops the recorder itself; unmuting starts another, when the first is gone", async () => {
  const recorder = new Recorder();
  const source = mutableSource(recorder.make, { silencedBy: [], keepsRunning: false });
  source.start(recorder.hear);
  source.silence("mute", true);
  assert.deepEqual(recorder.did, ["start 1", "stop 1"]);
  assert.deepEqual(recorder.told, ["opened", "muted"]);
  source.silence("mute", false);
  await setImmediate();
  assert.deepEqual(recorder.did, ["start 1", "stop 1"], "two recorders would be in each other's way");
  await recorder.letStop();
  assert.deepEqual(recorder.did, ["start 1", "stop 1", "start 2"]);
  assert.deepEqual(recorder.told, ["opened", "muted", "muted", "opened"]);
});

test("muted again before the recorder was gone, and stopped while muted: nothing starts", async () => {
  const recorder = new Recorder();
  const source = mutableSource(recorder.make, { silencedBy: [], keepsRunning: false });
  source.start(recorder.hear);
  source.silence("mute", true);
  source.silence("mute", false);
  source.silence("mute", true);
  await recorder.letStop();
  assert.deepEqual(recorder.did, ["start 1", "stop 1"]);
  source.silence("mute", false);
  const stopped = source.stop();
  await recorder.letStop();
  await stopped;
  assert.deepEqual(recorder.did, ["start 1", "stop 1"]);
});

test("muted from the start: nothing is recorded, and it is told", async () => {
  const recorder = new Recorder();
  const source = mutableSource(recorder.make, { silencedBy: ["mute"], keepsRunning: false });
  source.start(recorder.hear);
  assert.deepEqual([recorder.did, recorder.told], [[], ["muted"]]);
  source.silence("mute", true);
  assert.deepEqual(recorder.told, ["muted"]);
  source.silence("mute", false);
  await setImmediate();
  assert.deepEqual(recorder.did, ["start 1"]);
});

test("muted and stopped: it is silent until both are over, and the mute is told first", async () => {
  const recorder = new Recorder();
  const source = mutableSource(recorder.make, { silencedBy: ["stop"], keepsRunning: false });
  const told: unknown[] = [];
  source.start((event) => told.push("by" in event ? event.by : event.type));
  source.silence("mute", true);
  source.silence("mute", false);
  source.silence("mute", true);
  source.silence("stop", false);
  assert.deepEqual(told, ["stop", "mute", "stop", "mute"]);
  await setImmediate();
  assert.deepEqual(recorder.did, []);
  source.silence("mute", false);
  await setImmediate();
  assert.deepEqual(recorder.did, ["start 1"]);
  const stopped = source.stop();
  await recorder.letStop();
  await stopped;
});

test("a source that cannot begin anew goes on, and is told to be muted", async () => {
  const recorder = new Recorder();
  const source = mutableSource(recorder.make, { silencedBy: ["mute"], keepsRunning: true });
  source.start(recorder.hear);
  source.silence("mute", false);
  source.silence("mute", true);
  assert.deepEqual(recorder.did, ["start 1"]);
  assert.deepEqual(recorder.told, ["muted", "opened", "muted", "muted"]);
  const stopped = source.stop();
  await recorder.letStop();
  await stopped;
});
