import assert from "node:assert/strict";
import { test } from "node:test";
import { recognitionLab, result } from "../lab/recognition.ts";

for (const end of ["close", "END"] as const)
  test(`a service that answers the first tenth of a second, and is through with it (${end}), is not asked ten times a second`, () => {
    let asked = 0;
    const lab: ReturnType<typeof recognitionLab> = recognitionLab({
      mode: "sentence",
      onDial(link) {
        const later = (ms: number, action: () => void) => void lab.clock.after(ms, action);
        later(5, () => link().open());
        return {
          onText({ command }) {
            if (command !== "START") return;
            asked += 1;
            later(5, () => link().say({ resp_type: "START", trace_id: `t${asked}` }));
          },
          onAudio() {
            later(5, () => {
              link().say({ ...result(0, 100, ""), trace_id: `t${asked}` });
              if (end === "END") link().say({ resp_type: "END", reason: "NORMAL" });
              else link().end({ how: "closed", code: 1000, reason: "", asked: false });
            });
          },
        };
      },
    });
    lab.capture(60_000, () => 0);
    assert.ok(asked > 3 && asked < 100, `${asked} sessions in a minute`);
  });
