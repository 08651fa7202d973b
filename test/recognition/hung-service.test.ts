// A recogniser that hangs behind a gateway that still answers pings.
import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../lab/perfect-service.ts";
import { recognitionLab, result } from "../lab/recognition.ts";

const minutes = 60_000;
/** It is another, `least` to `least + range`, every 700 ms. */
const noise = (least: number, range: number) => (ms: number) =>
  Math.sin(ms) * (least + ((Math.floor(ms / 700) * 7919) % range));
const none = { quietMs: 0, harm() {} };

for (const everyMs of [2_000, 20_000, 90_000])
  test(`one word in ${everyMs / 1000} s, and a service that says nothing any more: told, and every word is heard by the next`, () => {
    const { lab, words } = listen({
      ...none,
      forMs: 15 * minutes,
      everyMs,
      hangs: (ageMs, nth) => nth === 1 && ageMs > 25_000,
    });
    assert.equal(lab.transcripts.length, words);
    assert.equal(lab.log.ledger().lostMs, 0);
    assert.deepEqual(
      lab.errors.map(({ code }) => code),
      ["link-timeout"],
    );
    assert.match(lab.errors[0]?.message ?? "", /END was not answered/);
  });

test("speech that a service never answers is never taken for silence, however often it hangs", () => {
  const { lab, words } = listen({
    ...none,
    forMs: 40 * minutes,
    everyMs: 2_000,
    hangs: (ageMs, nth) => nth < 8 && ageMs > 5_000,
  });
  assert.equal(lab.transcripts.length, words);
  assert.equal(lab.log.ledger().lostMs, 0);
});

// A machine that hums is as loud as it is all the time; a door is not.
for (const [what, sound, mostSessions] of [
  ["hum", (ms: number) => Math.sin(ms) * 900, 1],
  ["a door that slams each minute", (ms: number) => (ms % minutes < 300 ? 900 : 1), 31],
  ["noise of all kinds", noise(100, 900), 31],
  ["noise without a pause", noise(300, 700), 31],
] as const)
  test(`${what}, and nobody speaks: it is settled, and the service asked about it once a minute at most`, () => {
    const { lab } = listen({ ...none, quietMs: 40 * minutes, forMs: 30 * minutes, noise: sound });
    const started = lab.reports.filter((report) => report.type === "session" && report.change === "started");
    assert.ok(started.length <= mostSessions, `${started.length} sessions`);
    assert.deepEqual([lab.errors, lab.links.length], [[], 1]);
    assert.ok(lab.log.ledger().pendingMs < 1.8 * minutes, `${lab.log.ledger().pendingMs} ms`);
  });

test("a noisy room in an outage, and a service hardly faster than speech: it is asked again, and the backlog is caught up with", () => {
  let [dealtMs, sentMs] = [0, 0];
  let down = true;
  const lab: ReturnType<typeof recognitionLab> = recognitionLab({
    memoryMs: 3_600_000,
    onDial(link) {
      dealtMs = 0;
      sentMs = 0;
      let isEnding = false;
      const work = () => {
        dealtMs = Math.min(sentMs, dealtMs + 120);
        if (isEnding && dealtMs === sentMs) {
          isEnding = false;
          link().say({ resp_type: "END", reason: "NORMAL", trace_id: "t" });
        }
        if (!link().ended) lab.clock.after(100, work);
      };
      lab.clock.after(100, () => {
        if (down) link().end({ how: "closed", code: 1006, reason: "", asked: false });
        else link().open();
      });
      lab.clock.after(100, work);
      return {
        onText({ command }) {
          if (command === "END") isEnding = true;
          else lab.clock.after(10, () => link().say({ resp_type: "START", trace_id: `t${Math.random()}` }));
        },
        onAudio: (bytes) => void (sentMs += bytes.length / 16),
      };
    },
  });
  lab.capture(10 * minutes, noise(300, 700));
  down = false;
  const before = lab.errors.length;
  lab.capture(60 * minutes, noise(300, 700));
  assert.equal(lab.errors.slice(before).filter(({ code }) => code === "link-timeout").length, 0);
  assert.ok(lab.log.ledger().pendingMs < 3 * minutes, `${lab.log.ledger().pendingMs} ms wait`);
});

test("a result that ends behind what was sent, as services round times, says nothing of what is sent after it", () => {
  const lab = recognitionLab({ memoryMs: 600_000 });
  lab.capture(200);
  lab.stream();
  lab.capture(3_000);
  lab.link.say({ ...result(500, 4_900, "one"), trace_id: "trace-1" });
  const settled = lab.log.settled;
  lab.capture(1_500, (ms) => 5_000 * Math.sin(ms));
  lab.capture(80_000);
  assert.equal(lab.log.settled, settled);
});

for (const [what, said] of [
  ["a result without words", result(70_000, 72_500, null)],
  ["a result for what was not sent", result(80_000, 82_500, "elsewhere")],
] as const)
  test(`${what}, late in a session: its sound is sent again, not settled`, () => {
    const lab = recognitionLab({ memoryMs: 600_000 });
    lab.capture(200);
    lab.stream();
    lab.capture(73_000, (ms) => (ms > 70_000 && ms < 72_000 ? 5_000 * Math.sin(ms) : 1));
    lab.link.say({ ...said, trace_id: "trace-1" });
    lab.link.say({ resp_type: "END", trace_id: "trace-1", reason: "CANCEL" });
    assert.ok(lab.log.settled / 8 <= 70_000, `settled to ${lab.log.settled / 8} ms`);
  });

for (const lengthMs of [400, 500, 600])
  test(`a word of ${lengthMs} ms just behind a result, and the service hangs: it is not taken for what rings out`, () => {
    const lab = recognitionLab({ memoryMs: 600_000 });
    const sound = (ms: number) =>
      (ms >= 1_000 && ms < 2_000) || (ms >= 2_450 && ms < 2_450 + lengthMs) ? 5_000 * Math.sin(ms) : 1;
    lab.capture(200, sound);
    lab.stream();
    lab.capture(3_000, sound);
    lab.link.say({ ...result(1_000, 2_400, "one"), trace_id: "trace-1" });
    lab.capture(100_000, sound);
    assert.ok(lab.log.settled / 8 <= 2_700, `settled to ${lab.log.settled / 8} ms`);
  });
