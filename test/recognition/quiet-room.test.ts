// Sentence mode in a quiet room. The service answers in 150 ms, and gives a sentence up after so much silence.
import assert from "node:assert/strict";
import { test } from "node:test";
import { recognitionLab } from "../lab/recognition.ts";

const roundTripMs = 150;

interface Service {
  readonly vadHead: number;
  readonly givesUpMs: number;
  /** From when it has given up to the END of its own, ms, by how often it has; null: it waits for ours. */
  readonly endsAfterMs: ((silences: number) => number) | null;
}

/** Ten minutes without a word. @returns what became of them, and how often our END came where there was no session */
function tenQuietMinutes({ vadHead, givesUpMs, endsAfterMs }: Service) {
  let [silences, outOfOrder] = [0, 0];
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
            } else if (phase === "none") {
              outOfOrder += 1;
              link().say({ resp_type: "ERROR", error_code: "SIS.0418", error_msg: "no session", trace_id: "t" });
            } else {
              phase = "none";
              link().say({ resp_type: "END", reason: "NORMAL" });
            }
          }),
        onAudio(bytes) {
          silentMs += bytes.length / 16;
          if (phase !== "open" || silentMs < givesUpMs) return;
          silences += 1;
          phase = endsAfterMs === null ? "given up" : "none";
          later(roundTripMs, () => link().say({ resp_type: "EVENT", event: "EXCEEDED_SILENCE" }));
          if (endsAfterMs !== null)
            later(roundTripMs + endsAfterMs(silences), () => link().say({ resp_type: "END", reason: "NORMAL" }));
        },
      };
    },
  });
  lab.capture(600_000, () => 0);
  return { lab, outOfOrder, waitsSeconds: lab.log.unread / 8_000 };
}

test("a service that was late once with the END of its own is not taken for one that waits for ours, for good", () => {
  const endsAfterMs = (silences: number) => (silences === 3 ? 2_000 : 10);
  const { outOfOrder, waitsSeconds } = tenQuietMinutes({ vadHead: 10_000, givesUpMs: 10_000, endsAfterMs });
  assert.ok(outOfOrder <= 3, `${outOfOrder} times`);
  assert.ok(waitsSeconds < 15);
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
      const endsAfterMs = endsItself ? () => 0 : null;
      const { lab, waitsSeconds } = tenQuietMinutes({ vadHead, givesUpMs, endsAfterMs });
      assert.deepEqual([lab.errors, lab.gaps], [[], []]);
      assert.ok(waitsSeconds < 15);
    });
