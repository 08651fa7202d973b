import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionBounds } from "../../src/recognition/bounds.ts";
import { type Heard, listen } from "../lab/perfect-service.ts";
import { recognitionLab, result } from "../lab/recognition.ts";

const cut = { how: "closed", code: 1006, reason: "", asked: false } as const;
const minutes = 60_000;

for (const [what, quietMs, forMs, harm] of [
  ["connections that are cut each minute", 5 * minutes, 20 * minutes, cutAfter(60_000)],
  ["connections that are cut each 75 s", 15 * minutes, 30 * minutes, cutAfter(75_000)],
  ["connections that are cut each two minutes", 40 * minutes, 60 * minutes, cutAfter(120_000)],
  ["connections that are cut each 15 s", 4 * minutes, 14 * minutes, cutAfter(15_000)],
  [
    "sessions that the service ends each minute, unasked",
    10 * minutes,
    20 * minutes,
    (heard: Heard) => {
      if (heard.sessionMs > 60_000) heard.over();
    },
  ],
  [
    "sessions that the service is full of after a minute of sound",
    10 * minutes,
    20 * minutes,
    (heard: Heard) => {
      if (heard.sessionMs > 60_000) heard.over({ resp_type: "EVENT", event: "EXCEEDED_AUDIO", trace_id: "t" });
    },
  ],
] as const) {
  test(`a quiet room and ${what}: the words after it are heard all the same`, () => {
    const { lab, words } = listen({ quietMs, forMs, harm });
    assert.equal(lab.transcripts.length, words);
    assert.equal(lab.log.ledger().lostMs, 0);
    assert.ok(lab.log.ledger().pendingMs < 60_000);
  });
}

function cutAfter(cutMs: number) {
  return (heard: Heard, ageMs: number) => {
    if (ageMs > cutMs) heard.link().end(cut);
  };
}

for (const vadHead of [0, 60_000]) {
  test(`sentence mode, a quiet room, vad_head ${vadHead}: the words after it are heard`, () => {
    const { lab, words } = listen({ mode: "sentence", vadHead, quietMs: 10 * minutes, forMs: 20 * minutes, harm() {} });
    assert.equal(lab.transcripts.length, words);
    assert.deepEqual(lab.errors, []);
  });
}

test("connections that break for once are no reason to end sessions early", () => {
  const { lab } = listen({
    quietMs: 2 * minutes,
    forMs: 20 * minutes,
    harm(heard, ageMs, nth) {
      if (nth === 1 && ageMs > 60_000) heard.link().end(cut);
    },
  });
  const started = lab.reports.filter((report) => report.type === "session" && report.change === "started");
  assert.equal(started.length, 2);
});

test("the next session settles nothing while the one before it is still to be heard, whenever that is", () => {
  const limits = { rollInPauseMs: 200_000, rollMs: 400_000, reconnectInPauseMs: 200_000, reconnectMs: 400_000 };
  const settledMs = [500, 0].flatMap((vadTail) =>
    [0, 300, 600, 900, 1200, 1500, 1800].map((shiftMs) => {
      const config = { audioFormat: "pcm8k16bit", property: "chinese_8k_common", vadTail } as const;
      const bounds = { ...sessionBounds("continuous", config), ...limits };
      const lab = recognitionLab({ mode: "continuous", bounds, memoryMs: 600_000, catchUpRate: 20 });
      const pauseMs = 210_000 + shiftMs;
      const speech = (ms: number) => (ms >= pauseMs && ms < pauseMs + 400 ? 0 : Math.sin(ms) * 5000);
      lab.capture(90_000, speech);
      lab.stream();
      lab.capture(100_000, speech);
      lab.link.say({ ...result(1000, 189_000, "all up to 189 s"), trace_id: "trace-1" });
      lab.capture(15_000, speech);
      lab.stream();
      lab.capture(12_000, speech);
      // The END that is to close the first session never comes.
      for (let second = 0; second < 80 && lab.errors.length === 0; second += 1) lab.capture(1000, speech);
      return lab.log.settled / 8;
    }),
  );
  assert.deepEqual(new Set(settledMs), new Set([189_000]), "what it did not answer is sent again");
});
