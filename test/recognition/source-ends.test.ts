// A stop is under way, and the source ends in the same moment, as with Ctrl-C on `arecord | sis-agent run`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { recognitionLab, result } from "../lab/recognition.ts";

type Lab = ReturnType<typeof recognitionLab>;

for (const [trouble, strike] of [
  ["a last segment without words", (lab: Lab) => lab.link.say({ ...result(4_000, 5_000, null), trace_id: "trace-1" })],
  [
    "a FATAL_ERROR",
    (lab: Lab) => lab.link.say({ resp_type: "FATAL_ERROR", error_code: "SIS.0100", error_msg: "x", trace_id: "t" }),
  ],
  ["a message that is none", (lab: Lab) => lab.link.garble()],
] as const)
  for (const ends of [false, true])
    test(`a stop takes no longer for ${trouble}, where the source ${ends ? "ends meanwhile" : "goes on"}`, async () => {
      const lab = recognitionLab();
      lab.capture(200);
      lab.stream();
      lab.capture(5_000);
      const stopped = lab.recognizer.stop().then(() => true);
      if (ends) lab.recognizer.sourceEnded();
      strike(lab);
      for (let ms = 0; ms < 4_500; ms += 100) {
        lab.clock.advance(100);
        await setImmediate();
      }
      assert.ok(await Promise.race([stopped, setImmediate(false)]));
    });
