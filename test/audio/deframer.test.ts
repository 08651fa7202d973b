import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deframer, encodeFrame, type Frame, longestPayload } from "../../src/audio/deframer.ts";

const frame = fc.record(
  {
    sampleRate: fc.constantFrom(8000, 16_000, 44_100, 48_000),
    number: fc.nat(0xffff),
    samples: fc.int16Array({ minLength: 1, maxLength: 60 }),
  },
  { noNullPrototype: true },
);
const cuts = fc.array(fc.nat(4000), { maxLength: 12 });
/** Noise in which no frame can begin. */
const quietNoise = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.map((byte) => (byte === 0xa5 ? 0 : byte)));

function deframe(bytes: Uint8Array, at: readonly number[] = [], deframer = new Deframer()): Frame[] {
  const edges = [0, ...at.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).flatMap((to, n) => deframer.push(bytes.subarray(edges[n], to)));
}

test("a frame looks as the documentation says", () => {
  const bytes = encodeFrame({ sampleRate: 16_000, number: 0x0102, samples: Int16Array.of(1, -2) });
  assert.equal(Buffer.from(bytes).toString("hex"), "a55aa000020104000100feffd5b4");
});

test("frames come out as they went in, however the bytes are cut, with noise between them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(quietNoise, frame), { maxLength: 8 }), cuts, (parts, at) => {
      const bytes = Buffer.concat(parts.flatMap(([noise, each]) => [noise, encodeFrame(each)]));
      assert.deepEqual(
        deframe(bytes, at),
        parts.map(([, each]) => each),
      );
    }),
  );
});

test("noise that looks like the beginning of a long frame costs none that comes after it", () => {
  const trap = Buffer.from("a55aa0000000000800", "hex"); // 2048 bytes are to follow
  const frames = Array.from(
    { length: 80 },
    (_, number): Frame => ({
      sampleRate: 16_000,
      number,
      samples: Int16Array.from({ length: 20 }, (__, n) => n * number),
    }),
  );
  const bytes = Buffer.concat([trap, ...frames.map(encodeFrame)]);
  fc.assert(fc.property(cuts, (at) => assert.deepEqual(deframe(bytes, at), frames)));
});

test("a damaged frame is left out, and no other", () => {
  fc.assert(
    fc.property(frame, frame, fc.nat(), fc.integer({ min: 1, max: 255 }), cuts, (first, second, where, change, at) => {
      const bytes = Uint8Array.from(encodeFrame(first));
      const place = where % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ change;
      assert.deepEqual(deframe(Buffer.concat([bytes, encodeFrame(second), Buffer.alloc(3000)]), at), [second]);
    }),
  );
});

test("anything at all is survived; nothing is kept but the beginning of one frame", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 6 }), frame, (chunks, last) => {
      const deframer = new Deframer();
      for (const chunk of chunks) deframer.push(chunk);
      // What noise promised is over after the longest frame.
      deframer.push(Buffer.alloc(longestPayload + 20));
      assert.deepEqual(deframer.push(encodeFrame(last)), [last]);
    }),
  );
});
