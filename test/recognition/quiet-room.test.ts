// Sentence mode in a quiet room. The service answers in 150 ms, and gives a sentence up after so much silence.
import assert from "node:assert/strict";
import { test } from "node:test";
import { recognitionLab } from "../lab/recognition.ts";

const roundTripMs = 150;

/** How long the latest sound waits after ten minutes without a word, s. */
function waitAfterQuiet(vadHead: number, givesUpMs: number, endsItself: boolean): number {
  const lab: ReturnType<typeof recognitionLab> = recognitionLab({
    mode: "sentence",
    config: { audioFormat: "pcm8k16bit", property: "chinese_8k_common", vadHead },
    onDial(link) {
      const later = (ms: number, action: () => void) => void lab.clock.after(ms, action);
      let silentMs = 0;
      let phase: "none" | "open" | "given up" = "none";
      later(roundTripMs / 2, () => link().open());
      return {
        onText: ({ command }) =>
          later(roundTripMs, () => {
            if (command === "START") {
              silentMs = 0;
              phase = "open";
              link().say({ resp_type: "START", trace_id: `t${Math.random()}` });
            } else if (phase !== "none") {
              phase = "none";
              link().say({ resp_type: "END", reason: "NORMAL" });
            }
          }),
        onAudio(bytes) {
          silentMs += bytes.length / 16;
          if (phase !== "open" || silentMs < givesUpMs) return;
          phase = endsItself ? "none" : "given up";
          later(roundTripMs, () => {
            link().say({ resp_type: "EVENT", event: "EXCEEDED_SILENCE" });
            if (endsItself) link().say({ resp_type: "END", reason: "NORMAL" });
          });
        },
      };
    },
  });
  lab.capture(600_000, () => 0);
  assert.deepEqual([lab.errors, lab.gaps], [[], []]);
  return lab.log.unread / 8_000;
}

test("a service that was late once with the END of its own is not taken for one that waits for ours, for good", () => {
  let [silences, outOfOrder] = [0, 0];
  const lab: ReturnType<typeof recognitionLab> = recognitionLab({
    mode: "sentence",
    config: { audioFormat: "pcm8k16bit", property: "chinese_8k_common", vadHead: 10_000 },
    onDial(link) {
      const later = (ms: number, action: () => void) => void lab.clock.after(ms, action);
      let silentMs = 0;
      let isOpen = false;
      later(roundTripMs / 2, () => link().open());
      return {
        onText: ({ command }) =>
          later(roundTripMs, () => {
            if (command === "START") {
              silentMs = 0;
              isOpen = true;
              link().say({ resp_type: "START", trace_id: `t${Math.random()}` });
            } else if (!isOpen) {
              outOfOrder += 1;
              link().say({ resp_type: "ERROR", error_code: "SIS.0418", error_msg: "no session", trace_id: "t" });
            }
          }),
        onAudio(bytes) {
          silentMs += bytes.length / 16;
          if (!isOpen || silentMs < 10_000) return;
          isOpen = false;
          silences += 1;
          later(roundTripMs, () => link().say({ resp_type: "EVENT", event: "EXCEEDED_SILENCE" }));
          later(roundTripMs + (silences === 3 ? 2_000 : 10), () => link().say({ resp_type: "END", reason: "NORMAL" }));
        },
      };
    },
  });
  lab.capture(600_000, () => 0);
  assert.ok(outOfOrder <= 3, `${outOfOrder} times`);
  assert.ok(lab.log.unread / 8_000 < 15);
});

for (const [vadHead, givesUpMs] of [
  [10_000, 10_000],
  [3_000, 3_000],
  [1_000, 1_000],
  // It was asked never to, and does all the same.
  [0, 10_000],
] as const)
  for (const endsItself of [true, false])
    test(`with vad_head = ${vadHead} a quiet room is kept pace with; the service ${endsItself ? "ends the session" : "waits for END"}`, () => {
      assert.ok(waitAfterQuiet(vadHead, givesUpMs, endsItself) < 15);
    });
