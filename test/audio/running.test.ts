import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { runningSource } from "../../src/audio/running.ts";
import type { SourceEvent } from "../../src/audio/source.ts";

const silence: SourceEvent = { type: "audio", samples: new Int16Array(1) };

test("the stop lets go, silences the task at once, and waits for its end, however often it is asked for", async () => {
  const happened: string[] = [];
  const ending = Promise.withResolvers<void>();
  const source = runningSource(
    async (tell, signal) => {
      tell(silence);
      signal.addEventListener("abort", () => happened.push("aborted"));
      await ending.promise;
      tell(silence);
    },
    () => happened.push("let go"),
  );
  source.start((event) => happened.push(event.type));
  const stopped = Promise.all([source.stop(), source.stop()]).then(() => happened.push("stopped"));
  await setImmediate();
  assert.deepEqual(happened, ["audio", "aborted", "let go", "let go"]);
  ending.resolve();
  await stopped;
  assert.deepEqual(happened.slice(4), ["stopped"]);
});

test("a source that was never started can be stopped", async () => {
  await runningSource(() => assert.fail("it runs")).stop();
});
