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

for (const end of ["close", "END"] as const)
  test(`continuous mode, and a service that is through with each sentence (${end}): that is no failure, and nobody waits`, () => {
    let sessions = 0;
    const lab: ReturnType<typeof recognitionLab> = recognitionLab({
      onDial(link) {
        const later = (ms: number, action: () => void) => void lab.clock.after(ms, action);
        let heardMs = 0;
        later(50, () => link().open());
        return {
          onText({ command }) {
            if (command !== "START") return;
            sessions += 1;
            heardMs = 0;
            const traceId = `t${sessions}`;
            later(50, () => link().say({ resp_type: "START", trace_id: traceId }));
          },
          onAudio(bytes) {
            heardMs += bytes.length / 16;
            if (heardMs !== 2_000) return;
            const traceId = `t${sessions}`;
            later(50, () => {
              link().say({ ...result(500, 1_900, "a sentence"), trace_id: traceId });
              if (end === "END") link().say({ resp_type: "END", reason: "NORMAL", trace_id: traceId });
              else link().end({ how: "closed", code: 1000, reason: "", asked: false });
            });
          },
        };
      },
    });
    lab.capture(120_000);
    assert.ok(lab.transcripts.length >= 60, `${lab.transcripts.length} sentences`);
    assert.ok(lab.log.ledger().pendingMs < 4_000, `${lab.log.ledger().pendingMs} ms wait`);
    assert.deepEqual(lab.errors, []);
    assert.ok((lab.irregularities.get(end === "END" ? "unasked-end" : "closed-without-end") ?? 0) >= 60);
  });
