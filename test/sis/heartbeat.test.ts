import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { beat, type Heartbeat, pong, startHeartbeat } from "../../src/sis/heartbeat.ts";

const pace = { pingMs: 2000, deadMs: 8000 };

/** Beats on time, until dead or `untilMs`; answers the pings that `answers` says. */
function live(
  answers: (atMs: number) => boolean,
  untilMs: number,
): { readonly deadAtMs: number | null; readonly pings: number } {
  let state = startHeartbeat(0, pace);
  let pings = 0;
  while (state.dueMs <= untilMs) {
    const atMs = state.dueMs;
    const outcome = beat(state, atMs, pings, pace);
    if (outcome.verdict === "dead") return { deadAtMs: atMs, pings };
    state = outcome.next;
    if (answers(atMs)) state = pong(state, String(pings)).next;
    pings += 1;
  }
  return { deadAtMs: null, pings };
}

test("a link whose pings are answered lives, with a ping every 2 s", () => {
  assert.deepEqual(
    live(() => true, 60_000),
    { deadAtMs: null, pings: 30 },
  );
});

test("a link that never answers is dead when its first ping is 8 s old", () => {
  assert.equal(live(() => false, 60_000).deadAtMs, 10_000);
});

test("whenever a link dies, it is noticed within 10 s", () => {
  for (let diesAtMs = 0; diesAtMs < 20_000; diesAtMs += 100) {
    const { deadAtMs } = live((atMs) => atMs < diesAtMs, 60_000);
    assert.ok(deadAtMs !== null && deadAtMs - diesAtMs <= 10_000, `died at ${diesAtMs}, noticed at ${deadAtMs}`);
  }
});

test("pings that an idle link answers together are all answered, whichever of them the pong copies", () => {
  let state = startHeartbeat(0, pace);
  for (let round = 0; round < 20; round += 1) {
    for (let count = 0; count < 3; count += 1) {
      const outcome = beat(state, state.dueMs, 0, pace);
      assert.ok(outcome.verdict === "ping", `round ${round}`);
      state = outcome.next;
    }
    state = pong(state, "0").next;
  }
});

test("a process that was held up gives the link another round, once", () => {
  const first = beat(startHeartbeat(0, pace), 2000, 1, pace);
  assert.ok(first.verdict === "ping");
  const late = beat(first.next, 60_000, 2, pace);
  assert.ok(late.verdict === "ping", "nothing could be heard while the process stood still");
  assert.equal(late.next.dueMs, 62_000);
  assert.equal(beat(late.next, 62_000, 3, pace).verdict, "dead");
  const answered = beat(pong(late.next, "1").next, 62_000, 3, pace);
  assert.ok(answered.verdict === "ping");
  assert.equal(answered.next.dueMs, 64_000);
});

test("a process that is held up at every beat does not pile up pings", () => {
  let state = startHeartbeat(0, pace);
  for (let count = 0; count < 100; count += 1) {
    const outcome = beat(state, state.dueMs + 5000, count, pace);
    assert.ok(outcome.verdict === "ping");
    state = outcome.next;
  }
  assert.ok(state.waiting.length <= 16);
});

test("a pace with pings rarer than its patience still waits for an answer", () => {
  const rare = { pingMs: 9000, deadMs: 2000 };
  const first = beat(startHeartbeat(0, rare), 9000, 1, rare);
  assert.ok(first.verdict === "ping" && first.next.dueMs > 9000);
});

function withPings(...marks: number[]): Heartbeat {
  return { dueMs: 2000, waiting: marks.map((mark) => ({ mark, deadAtMs: 10_000 })) };
}

test("a pong confirms its own ping and those before it", () => {
  const { next, confirmed } = pong(withPings(100, 200, 300), "200");
  assert.equal(confirmed, 200);
  assert.deepEqual(next, withPings(300));
  assert.equal(pong(next, "100").confirmed, null, "an answer of an older ping says nothing new");
});

for (const payload of ["", "400", "0300", "300 ", "1e2", "NaN", "-100"]) {
  test(`a pong of ${JSON.stringify(payload)} that nobody asked for confirms nothing`, () => {
    const state = withPings(100, 200, 300);
    assert.deepEqual(pong(state, payload), { next: state, confirmed: null });
  });
}

test("whatever pongs come, what is confirmed was sent and never falls", () => {
  const event = fc.oneof(fc.constant("ping" as const), fc.nat({ max: 40 }).map(String), fc.string({ maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let state = startHeartbeat(0, pace);
      let sent = 0;
      let last = -1;
      for (const what of events) {
        if (what === "ping") {
          const outcome = beat(state, state.dueMs, sent, pace);
          if (outcome.verdict === "dead") return;
          state = outcome.next;
          sent += 1;
          continue;
        }
        const { next, confirmed } = pong(state, what);
        state = next;
        if (confirmed === null) continue;
        assert.ok(confirmed < sent && confirmed > last);
        last = confirmed;
      }
    }),
    { numRuns: 1000 },
  );
});
