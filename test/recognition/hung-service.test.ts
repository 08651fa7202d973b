// A recogniser that hangs behind a gateway that still answers pings.
import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../lab/perfect-service.ts";
import { recognitionLab, result } from "../lab/recognition.ts";

const minutes = 60_000;
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
    forMs: 30 * minutes,
    everyMs: 2_000,
    hangs: (ageMs, nth) => nth < 8 && ageMs > 5_000,
  });
  assert.equal(lab.transcripts.length, words);
  assert.equal(lab.log.ledger().lostMs, 0);
});

// A machine that hums is as loud as it is all the time; a door is not.
for (const [what, noise, mostSessions] of [
  ["hum", (ms: number) => Math.sin(ms) * 900, 1],
  ["a door that slams each minute", (ms: number) => (ms % minutes < 300 ? 900 : 1), 31],
  ["noise of all kinds", (ms: number) => Math.sin(ms) * (100 + ((ms * 7) % 900)), 31],
] as const)
  test(`${what}, and nobody speaks: it is settled, and the service asked about it once a minute at most`, () => {
    const { lab } = listen({ ...none, quietMs: 40 * minutes, forMs: 30 * minutes, noise });
    const started = lab.reports.filter((report) => report.type === "session" && report.change === "started");
    assert.ok(started.length <= mostSessions, `${started.length} sessions`);
    assert.deepEqual([lab.errors, lab.links.length], [[], 1]);
    assert.ok(lab.log.ledger().pendingMs < 1.8 * minutes, `${lab.log.ledger().pendingMs} ms`);
  });

test("a result that ends behind what was sent, as services round times, says nothing of what is sent after it", () => {
  const lab = recognitionLab({ memoryMs: 600_000 });
  lab.capture(200);
  lab.stream();
  lab.capture(3_000);
  lab.link.say({ ...result(500, 4_900, "one"), trace_id: "trace-1" });
  const settled = lab.log.settled;
  lab.capture(1_500, () => 5_000);
  lab.capture(80_000);
  assert.equal(lab.log.settled, settled);
});
