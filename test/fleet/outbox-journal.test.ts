import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { doneLine, putLine, readJournal } from "../../src/fleet/outbox-journal.ts";
import { errorEventPayload } from "../../src/fleet/payloads.ts";
import { errorReport } from "./samples.ts";

const put = (seq: number) =>
  putLine(seq, "sis/v1/f/d/up/event/error", errorEventPayload(errorReport, { seq, boot: "启", nowMs: 0 }));

const seqs = (bytes: Buffer) =>
  readJournal(bytes).waiting.map(({ payload }) =>
    typeof payload === "object" && payload !== null && "seq" in payload ? payload.seq : null,
  );

/** A history: messages come, and some of those that wait are done with. */
const histories = fc.array(fc.oneof(fc.constant("put" as const), fc.nat(20)), { maxLength: 40 }).map((steps) => {
  const lines: string[] = [];
  const states: number[][] = [[]];
  for (const step of steps) {
    const waiting = states.at(-1) ?? [];
    const gone = typeof step === "number" ? waiting[step % Math.max(1, waiting.length)] : undefined;
    if (step === "put") {
      const seq = lines.length + 1;
      lines.push(put(seq));
      states.push([...waiting, seq]);
    } else if (gone !== undefined) {
      lines.push(doneLine(gone));
      states.push(waiting.filter((seq) => seq !== gone));
    }
  }
  return { lines, states };
});

test("a file cut off at any byte holds what waited after its last whole line, and nothing is called damaged", () => {
  fc.assert(
    fc.property(histories, fc.double({ min: 0, max: 1, noNaN: true }), ({ lines, states }, share) => {
      const bytes = Buffer.from(lines.join(""));
      const cut = bytes.subarray(0, Math.round(share * bytes.length));
      const whole = cut.toString("latin1").split("\n").length - 1;
      assert.deepEqual(seqs(cut), states[whole]);
      assert.equal(readJournal(cut).damaged, 0);
    }),
  );
  const [first, second] = [Buffer.from(put(1)), Buffer.from(doneLine(1))];
  const bytes = Buffer.concat([first, second, Buffer.from(put(2))]);
  for (let length = 0; length < bytes.length; length += 1) {
    const expected = length >= first.length && length < first.length + second.length ? [1] : [];
    assert.deepEqual(seqs(bytes.subarray(0, length)), expected, `${length} bytes`);
  }
});

test("whatever becomes of the bytes, only whole lines count, and reading never fails", () => {
  const before = [put(1), put(2), put(3)];
  const bytes = Buffer.from(before.join(""));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const worn = Buffer.from(bytes);
      worn[at] = (worn[at] ?? 0) ^ flip;
      const found = seqs(worn);
      assert.ok(found.length >= 1 && found.length <= 2, found.join());
      assert.ok(found.every((seq) => seq === 1 || seq === 2 || seq === 3));
      // A mended newline joins two lines into one.
      assert.ok(readJournal(worn).damaged + found.length >= 2);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (noise) => void readJournal(Buffer.from(noise))));
});
