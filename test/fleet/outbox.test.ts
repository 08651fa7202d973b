import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { eventMessage, restoredMessage, transcriptMessage } from "../../src/fleet/delivery.ts";
import { startingDevice } from "../../src/fleet/device-state.ts";
import {
  disconnected as disconnectedBy,
  emptyOutbox,
  giveUp,
  type Message,
  type Outbox,
  put,
  putFirst,
  recalled,
  setAside,
  settle,
  take as takeAt,
} from "../../src/fleet/outbox.ts";
import { errorEventPayload, statePayload, transcriptPayload } from "../../src/fleet/payloads.ts";
import type { Blame } from "../../src/fleet/suspicion.ts";
import { errorReport, transcript } from "./samples.ts";

const epoch = { monotonicMs: 0, wallMs: 0 };
const take = (outbox: Outbox) => takeAt(outbox, { quiet: true, asideDueMs: 0, proven: false });
const disconnected = (outbox: Outbox) => disconnectedBy(outbox, "none", 0);

const limits = { entries: 5, bytes: 1_000_000 };

function event(seq: number): Message {
  const payload = errorEventPayload(errorReport, { seq, boot: "b", nowMs: 0 });
  return { topic: "event", payload, delivery: { retain: false, expirySeconds: 60, keep: "every" } };
}

function state(topic: string, reason: string): Message {
  const payload = statePayload({ ...startingDevice(epoch), reason }, "b", "s", epoch);
  return { topic, payload, delivery: { retain: true, expirySeconds: null, keep: "latest" } };
}

function filled(...messages: readonly Message[]): Outbox {
  return messages.reduce<Outbox>((outbox, message) => put(outbox, message, true, limits), emptyOutbox);
}

/** Takes everything that waits. */
function drained(outbox: Outbox): {
  readonly next: Outbox;
  readonly sent: readonly Message[];
  readonly late: readonly boolean[];
} {
  const sent: Message[] = [];
  const late: boolean[] = [];
  let rest = outbox;
  for (;;) {
    const { next, entry } = take(rest);
    rest = next;
    if (entry === null) return { next: rest, sent, late };
    sent.push(entry.message);
    late.push(entry.late);
  }
}

const seqs = (messages: readonly Message[]) =>
  messages.flatMap(({ payload }) => ("seq" in payload ? [payload.seq] : []));

test("what is kept latest goes first, the events after it in their order", () => {
  const outbox = filled(event(1), state("a", "old"), event(2), state("b", "x"), state("a", "new"));
  const { sent } = drained(outbox);
  assert.deepEqual(sent, [state("b", "x"), state("a", "new"), event(1), event(2)]);
});

const isEmpty = ({ latest, every }: Outbox) => latest.length + every.length === 0;

test("a message is taken once, and is there until it is settled", () => {
  const first = take(filled(event(1)));
  assert.ok(first.entry);
  assert.equal(take(first.next).entry, null);
  assert.equal(first.next.every.length, 1);
  assert.equal(settle(first.next, first.entry.id).every.length, 0);
});

test("a newer message of a topic is sent even while the older one is on its way, whose answer does not settle it", () => {
  const first = take(filled(state("a", "old")));
  assert.ok(first.entry);
  const both = settle(put(first.next, state("a", "new"), true), first.entry.id);
  assert.deepEqual(drained(both).sent, [state("a", "new")]);
});

test("what was on its way when the connection ended is sent again, in order, and is late", () => {
  const { next } = drained(filled(event(1), event(2)));
  const again = drained(disconnected(put(next, event(3), true)));
  assert.deepEqual(
    [seqs(again.sent), again.late],
    [
      [1, 2, 3],
      [true, true, true],
    ],
  );
});

test("what happens without a connection is late, what happens with one is not", () => {
  const outbox = put(put(emptyOutbox, event(1), false), event(2), true);
  assert.deepEqual(drained(outbox).late, [true, false]);
});

test("too many: the oldest that wait give way and are counted", () => {
  const outbox = filled(...[1, 2, 3, 4, 5, 6, 7].map(event));
  assert.deepEqual([seqs(drained(outbox).sent), outbox.dropped], [[3, 4, 5, 6, 7], 2]);
});

test("too many while the oldest are on their way: those stay", () => {
  const { next } = take(filled(...[1, 2, 3, 4, 5].map(event)));
  const outbox = put(next, event(6), true, limits);
  assert.deepEqual([seqs(outbox.every.map((entry) => entry.message)), outbox.dropped], [[1, 3, 4, 5, 6], 1]);
});

test("too large: the oldest give way until the bytes fit, the newest too when it alone is too large", () => {
  const size = JSON.stringify(event(1).payload).length;
  const small = { entries: 100, bytes: size * 2 };
  const outbox = [1, 2, 3].map(event).reduce<Outbox>((all, message) => put(all, message, true, small), emptyOutbox);
  assert.deepEqual([seqs(drained(outbox).sent), outbox.dropped], [[2, 3], 1]);
  const none = put(emptyOutbox, event(1), true, { entries: 100, bytes: size - 1 });
  assert.deepEqual([isEmpty(none), none.dropped], [true, 1]);
});

test("what an outage says of itself again and again, and texts that are not final, give way to all else, over a restart too", () => {
  const owner = { fleet: "f", device: "d" };
  const error = (seq: number, attempt: number) =>
    eventMessage(owner, "error", errorEventPayload({ ...errorReport, attempt }, { seq, boot: "b", nowMs: 0 }));
  const text = (id: string, final: boolean) =>
    transcriptMessage(owner, transcriptPayload({ ...transcript, id, final }, 0));
  const messages = [
    text("a", true),
    text("b", false),
    error(1, 1),
    ...[2, 3, 4, 5, 6].map((n) => error(n, n)),
    text("c", true),
  ];
  const restored = messages.map(({ topic, payload }) =>
    restoredMessage(owner, topic, JSON.parse(JSON.stringify(payload))),
  );
  for (const all of [messages, restored.filter((each) => each !== null)]) {
    const outbox = filled(...all);
    assert.deepEqual(
      drained(outbox).sent.map(({ payload }) => ("seq" in payload ? payload.seq : "id" in payload && payload.id)),
      ["a", 1, 5, 6, "c"],
    );
    assert.equal(outbox.dropped, 4);
  }
});

test("what has a quota pushes out others of its kind, and nothing else", () => {
  const refusal = (seq: number): Message => ({ ...event(seq), delivery: { ...event(seq).delivery, quota: 2 } });
  const outbox = filled(event(1), refusal(2), refusal(3), event(4), refusal(5), refusal(6));
  assert.deepEqual([seqs(drained(outbox).sent), outbox.dropped], [[1, 4, 5, 6], 2]);
  const { next } = drained(filled(refusal(1), refusal(2)));
  const onTheWay = put(put(next, refusal(3), true, limits), refusal(4), true, limits);
  assert.deepEqual(seqs(onTheWay.every.map(({ message }) => message)), [1, 2]);
});

test("a new connection begins with its birth, before what waited", () => {
  const outbox = filled(event(1), state("alarm", "cleared"), state("state", "old"));
  const { sent } = drained(putFirst(outbox, [state("info", "i"), state("state", "new")]));
  assert.deepEqual(sent, [state("info", "i"), state("state", "new"), state("alarm", "cleared"), event(1)]);
});

type Move = { readonly type: "put" | "take" | "settle" | "cut" | "latest"; readonly pick: number };

test("whatever happens: bounded, in order, nothing lost uncounted, nothing settled comes back", () => {
  const moves = fc.array(
    fc.record<Move>({ type: fc.constantFrom("put", "put", "take", "settle", "cut", "latest"), pick: fc.nat(9) }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(moves, (script) => {
      let outbox = emptyOutbox;
      let made = 0;
      let settledEvents = 0;
      const onTheWay: number[] = [];
      for (const { type, pick } of script) {
        const before = outbox;
        if (type === "put") outbox = put(outbox, event((made += 1)), pick > 4, limits);
        if (type === "latest") outbox = put(outbox, state(`topic-${pick % 3}`, String(pick)), true, limits);
        if (type === "take") {
          const { next, entry } = take(outbox);
          outbox = next;
          if (entry !== null) onTheWay.push(entry.id);
        }
        if (type === "settle" && onTheWay.length > 0) {
          const id = onTheWay.splice(pick % onTheWay.length, 1)[0] ?? 0;
          outbox = settle(outbox, id);
          settledEvents += before.every.length - outbox.every.length;
          assert.ok(![...outbox.every, ...outbox.latest].some((entry) => entry.id === id));
        }
        if (type === "cut") {
          outbox = disconnected(outbox);
          onTheWay.length = 0;
        }
        assert.ok(outbox.every.length <= limits.entries);
        assert.ok(outbox.latest.length <= 3);
        assert.equal(outbox.every.length + settledEvents + outbox.dropped, made);
        const order = seqs(outbox.every.map((entry) => entry.message));
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test("what is only worth something now is not kept while there is no connection, nor over the end of one", () => {
  const now = (reason: string): Message => ({
    ...state("metrics", reason),
    delivery: { retain: false, expirySeconds: 300, keep: "now" },
  });
  assert.ok(isEmpty(put(emptyOutbox, now("offline"), false, limits)));
  const waiting = filled(now("old"), now("new"), event(1));
  assert.deepEqual(drained(waiting).sent, [now("new"), event(1)]);
  assert.deepEqual(drained(disconnected(waiting)).sent, [event(1)]);
});

test("an answer that concerns nothing changes nothing", () => {
  const outbox = filled(event(1), state("a", "x"));
  assert.equal(settle(outbox, 99), outbox);
});

/** One that two connections have ended with, and then more. */
function suspect(outbox: Outbox, ...blames: readonly Blame[]): Outbox {
  return ["shared" as const, "shared" as const, ...blames].reduce<Outbox>((before, blame) => {
    const { next, entry } = takeAt(before, { quiet: true, asideDueMs: Number.POSITIVE_INFINITY, proven: false });
    assert.ok(entry);
    return disconnectedBy(next, blame, 0);
  }, outbox);
}

const next = (outbox: Outbox, quiet: boolean, asideDueMs = 0, proven = false) =>
  takeAt(outbox, { quiet, asideDueMs, proven }).entry?.message;

test("of several messages in flight, the end of a connection counts against the first", () => {
  let outbox = filled(event(1), event(2), event(3));
  for (let end = 0; end < 2; end += 1) {
    for (let sent = 0; sent < 3; sent += 1) outbox = take(outbox).next;
    outbox = disconnectedBy(outbox, "shared", 0);
  }
  assert.equal(next(outbox, false), undefined, "the first goes alone");
  outbox = settle(outbox, outbox.every[0]?.id ?? 0);
  assert.deepEqual(next(outbox, false), event(2));
});

test("once the broker has taken something, a state that is set aside goes before the events that wait", () => {
  const outbox = put(suspect(filled(state("a", "x")), "unproven"), event(1), true);
  assert.deepEqual(next(outbox, true), event(1));
  assert.equal(next(outbox, false, 0, true), undefined, "what is in flight is let through first");
  assert.deepEqual(next(outbox, true, 0, true), state("a", "x"));
});

test("what two connections have ended with keeps its place, and goes alone", () => {
  const outbox = put(suspect(filled(event(1))), event(2), true);
  assert.equal(next(outbox, false), undefined);
  assert.deepEqual(next(outbox, true), event(1));
});

test("what is set aside goes after all others, alone, from its time on", () => {
  const outbox = put(suspect(filled(event(1)), "likely"), state("b", "x"), true);
  const { next: rest, entry } = takeAt(outbox, { quiet: true, asideDueMs: 200_000, proven: false });
  assert.deepEqual(entry?.message, state("b", "x"));
  assert.deepEqual(
    setAside(outbox).map(({ message }) => message),
    [event(1)],
  );
  const after = settle(rest, entry.id);
  assert.equal(next(after, true, 119_999), undefined);
  assert.equal(next(after, false, 120_000), undefined);
  assert.deepEqual(next(after, true, 120_000), event(1));
});

test("what is set aside is given up when it is guilty; what is kept latest is not", () => {
  const eight = Array.from({ length: 8 }, (): Blame => "plain");
  const { next: rest, givenUp } = giveUp(suspect(filled(event(1)), ...eight));
  assert.deepEqual([givenUp.map(({ message }) => message), rest.every], [[event(1)], []]);
  assert.deepEqual(giveUp(suspect(filled(event(1)), ...eight.slice(1))).givenUp, []);
  assert.deepEqual(giveUp(suspect(filled(state("a", "x")), ...eight)).givenUp, []);
});

test("a newer message of a topic inherits what was held against the older, also at a new connection", () => {
  const outbox = suspect(filled(state("a", "old")), "likely");
  for (const newer of [put(outbox, state("a", "new"), true), putFirst(outbox, [state("a", "new")])]) {
    assert.equal(next(newer, true), undefined);
    assert.deepEqual(next(newer, true, 120_000), state("a", "new"));
  }
});

test("before a stop, what is kept latest has its place in line again", () => {
  const outbox = recalled(suspect(filled(state("a", "x")), "likely"));
  assert.deepEqual(next(outbox, true, Number.NEGATIVE_INFINITY), state("a", "x"));
});
