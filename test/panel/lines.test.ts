import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { crc16 } from "../../src/base/crc16.ts";
import { encodeLine, LineReader, longestBody, longestLine } from "../../src/panel/lines.ts";

/** Bodies that go over the wire as they are. */
const body = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
  .filter((text) => !/[$\p{Cc}]/u.test(text) && Buffer.byteLength(text) <= longestBody);
const cuts = fc.array(fc.nat(2000), { maxLength: 12 });

function pieces(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [0, ...at.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((to, n) => bytes.subarray(edges[n], to));
}

function read(bytes: Uint8Array, at: readonly number[] = []): string[] {
  const reader = new LineReader();
  return pieces(bytes, at).flatMap((piece) => reader.push(piece));
}

test("the checksum is CRC-16/XMODEM", () => {
  assert.equal(crc16(Buffer.from("123456789")), 0x31c3);
  assert.equal(crc16(new Uint8Array(0)), 0);
});

test("a line looks as the documentation says", () => {
  assert.equal(Buffer.from(encodeLine("K 1 0")).toString(), "$K 1 0*08F9\n");
});

test("lines are found however the bytes are cut, whatever stands between them", () => {
  // Noise without a beginning: one in it that swallows the next line is told in the test below.
  const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.map((byte) => (byte === 0x24 ? 0x25 : byte)));
  fc.assert(
    fc.property(fc.array(fc.tuple(noise, body), { maxLength: 8 }), cuts, (parts, at) => {
      const bytes = Buffer.concat(parts.flatMap(([before, text]) => [before, encodeLine(text)]));
      assert.deepEqual(
        read(bytes, at),
        parts.map(([, text]) => text),
      );
    }),
  );
});

test("noise that looks like a beginning costs nothing: the next one counts", () => {
  assert.deepEqual(read(Buffer.concat([Buffer.from("$S l 0"), encodeLine("K 0 0")])), ["K 0 0"]);
});

test("a line of which any one byte is changed is not read as another", () => {
  fc.assert(
    fc.property(body, fc.nat(), fc.integer({ min: 1, max: 255 }), (text, where, change) => {
      const bytes = Uint8Array.from(encodeLine(text));
      const at = where % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ change;
      // The digits may be written in small letters, too.
      for (const found of read(bytes)) assert.equal(found, text);
    }),
  );
});

test("anything at all is survived, and nothing grows", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), (chunks) => {
      const reader = new LineReader();
      for (const chunk of chunks) reader.push(chunk);
      reader.push(Buffer.from("\n"));
      assert.deepEqual(reader.push(encodeLine("K 4 2")), ["K 4 2"]);
    }),
  );
});

test("what has no end is given up at the longest line, and the next line is read", () => {
  const reader = new LineReader();
  assert.deepEqual(reader.push(Buffer.from(`$${"a".repeat(100_000)}`)), []);
  assert.deepEqual(reader.push(encodeLine("K 0 0")), ["K 0 0"]);
});

test("whatever is to be said fits in a line, is cut between characters, and has nothing in it that would end it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const bytes = encodeLine(text);
      assert.ok(bytes.length <= longestLine);
      const [found = ""] = read(bytes);
      if (text !== "") assert.ok(!found.includes("\ufffd") || !text.isWellFormed() || text.includes("\ufffd"));
      assert.equal(bytes.indexOf(0x0a), bytes.length - 1);
      assert.equal(bytes.lastIndexOf(0x24), 0);
    }),
  );
  assert.deepEqual(read(encodeLine("汉".repeat(50))), ["汉".repeat(24)]);
});
