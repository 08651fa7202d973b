import assert from "node:assert/strict";
import { test } from "node:test";
import { type EventSink, Hub } from "../../src/console/hub.ts";
import type { Batch, Detail } from "../../src/console/wire.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { newModel, stateOf } from "./samples.ts";

/** A page that reads, or does not. */
class Reader implements EventSink {
  writableNeedDrain = false;
  readonly texts: string[] = [];
  readonly #listeners = new Map<string, () => void>();
  reads = true;

  writeHead(): void {}

  write(text: string): boolean {
    this.texts.push(text);
    this.writableNeedDrain = !this.reads;
    return this.reads;
  }

  end(): void {}

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, listener);
  }

  happens(event: "drain" | "close"): void {
    if (event === "drain") this.writableNeedDrain = false;
    this.#listeners.get(event)?.();
  }

  /** What came since the last call. */
  take<Told = Batch>(): Told[] {
    const told = this.texts.splice(0).filter((text) => text.startsWith("data: "));
    return told.map((text) => JSON.parse(text.slice(6)) as Told);
  }
}

function startHub() {
  const clock = new ManualClock();
  const { model, say } = newModel(20_000);
  const broker = { connected: true, complete: true, trouble: "" };
  const glance = () => ({ ...model.overview(), broker, mostDevices: 1, allowCommands: false, nowMs: clock.wallMs() });
  const hub = new Hub(model, clock, glance);
  return { clock, model, say, hub, [Symbol.dispose]: () => hub[Symbol.dispose]() };
}

const phasesOf = (batches: readonly Batch[]) =>
  batches.flatMap(({ rows }) => rows.map(({ d, phase }) => `${d} ${phase}`));

test("first the whole fleet, then what changes, a tenth of a second's worth at a time", () => {
  using lab = startHub();
  const { hub, say, clock } = lab;
  for (let index = 0; index < 1_200; index += 1) say(`d${index}`, "state", stateOf("streaming"));
  const reader = new Reader();
  assert.equal(hub.attend(reader), true);
  const snapshot = reader.take();
  assert.deepEqual(
    [snapshot.map(({ reset }) => reset), snapshot.map(({ rows }) => rows.length)],
    [
      [true, false, false],
      [500, 500, 200],
    ],
  );
  for (const phase of ["held", "muted", "listening"]) say("d7", "state", stateOf(phase));
  say("d8", "state", stateOf("held"));
  assert.deepEqual(reader.take(), []);
  clock.advance(100);
  assert.deepEqual(phasesOf(reader.take()), ["d7 listening", "d8 held"]);
  say("d9", "state", "");
  clock.advance(100);
  assert.deepEqual(reader.take()[0]?.gone, ["lab/d9"]);
});

test("a reader that does not keep up gets what is true by then, once; others do not wait for it", () => {
  using lab = startHub();
  const { hub, say, clock } = lab;
  say("d1", "state", stateOf("streaming"));
  const [slow, quick] = [new Reader(), new Reader()];
  hub.attend(slow);
  hub.attend(quick);
  slow.reads = false;
  say("d1", "state", stateOf("held"));
  clock.advance(100);
  slow.take();
  for (let round = 0; round < 50; round += 1) {
    say("d1", "state", stateOf(round % 2 === 0 ? "muted" : "listening"));
    clock.advance(100);
  }
  assert.deepEqual(slow.take(), [], "nothing is piled up for it");
  assert.ok(phasesOf(quick.take()).length >= 50);
  slow.reads = true;
  slow.happens("drain");
  const [batch, ...more] = slow.take();
  assert.deepEqual([phasesOf(batch === undefined ? [] : [batch]), more], [["d1 listening"], []]);
});

test("one device's page is told of that device alone, twice a second at most; pages are bounded", () => {
  using lab = startHub();
  const { hub, say, clock } = lab;
  say("d1", "state", stateOf("streaming"));
  say("d2", "state", stateOf("streaming"));
  const reader = new Reader();
  hub.attendDevice("lab/d1", reader);
  assert.equal(reader.take<Detail>()[0]?.phase, "streaming");
  say("d2", "state", stateOf("held"));
  clock.advance(1_000);
  assert.deepEqual(reader.take(), []);
  for (const phase of ["held", "muted", "listening"]) say("d1", "state", stateOf(phase));
  clock.advance(500);
  assert.deepEqual(
    reader.take<Detail>().map(({ phase }) => phase),
    ["listening"],
  );

  reader.texts.splice(0);
  clock.advance(60_000);
  assert.ok(reader.texts.length >= 3 && reader.texts.every((text) => text === ":\n\n"), "who has gone is noticed");
  reader.texts.splice(0);
  reader.writableNeedDrain = true;
  clock.advance(60_000);
  assert.deepEqual(reader.texts, []);
  reader.writableNeedDrain = false;

  const others = Array.from({ length: 63 }, () => new Reader());
  for (const other of others) assert.equal(hub.attend(other), true);
  assert.equal(hub.attend(new Reader()), false);
  reader.happens("close");
  assert.equal(hub.attend(new Reader()), true);
});
