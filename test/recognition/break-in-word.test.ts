import assert from "node:assert/strict";
import { test } from "node:test";
import { recognitionLab, result } from "../lab/recognition.ts";

test("a word that ends where capture broke off ends before the break, not when capture came back", () => {
  const lab = recognitionLab();
  const beganMs = lab.clock.wallMs();
  lab.capture(200);
  lab.stream();
  lab.capture(2_800);
  lab.log.breakOff();
  lab.clock.advance(10_000);
  lab.log.openStream("back again");
  lab.capture(2_000);
  lab.link.say({ ...result(1_000, 3_000, "one"), trace_id: "trace-1" });
  lab.link.say({ ...result(3_000, 4_000, "two"), trace_id: "trace-1" });
  assert.deepEqual(
    lab.transcripts.map(({ startMs, endMs }) => [startMs - beganMs, endMs - beganMs]),
    [
      [1_000, 3_000],
      [13_000, 14_000],
    ],
  );
});
