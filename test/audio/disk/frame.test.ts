import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeHeader, decodeSound, encodeFrame, frameBytes, headerBytes } from "../../../src/audio/disk/frame.ts";
import { encodeNote, newestNote, slotBytes, slotOf } from "../../../src/audio/disk/note.ts";

const block = {
  position: 123_456_789_012,
  stream: "1a2b3c4d.17",
  streamStart: 123_456_000_000,
  wallMs: 1_767_225_600_123.25,
  samples: Int16Array.from({ length: 800 }, (_, index) => (index * 37) % 32_768),
};

test("a frame holds its sound, place, stream and time", () => {
  const frame = encodeFrame(block, 16_000);
  const header = decodeHeader(frame);
  assert.ok(header !== null);
  const { samples, soundCrc: _, ...facts } = header;
  const { samples: sound, ...expected } = block;
  assert.deepEqual(facts, { ...expected, sampleRate: 16_000 });
  assert.equal(samples, sound.length);
  assert.equal(frame.length, frameBytes(header));
  assert.deepEqual(decodeSound(header, frame, 0), sound);
});

test("any changed byte, and any cut, is noticed", () => {
  const whole = encodeFrame(block, 16_000);
  const valid = (frame: Buffer) => {
    const header = decodeHeader(frame);
    return header !== null && decodeSound(header, frame, 0) !== null;
  };
  assert.ok(valid(whole));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ flip;
      assert.equal(valid(broken), false);
    }),
  );
  for (const length of [0, 1, headerBytes - 1, headerBytes, headerBytes + 1, whole.length - 1]) {
    assert.equal(valid(whole.subarray(0, length)), false, `cut to ${length} bytes`);
  }
});

test("bytes that are no frame are no frame", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => decodeHeader(Buffer.from(bytes)) === null));
});

test("a stream's id that does not fit is refused, not cut", () => {
  assert.throws(() => encodeFrame({ ...block, stream: "x".repeat(52) }, 16_000), RangeError);
});

test("of two notes the newer counts; while it is being written, the older does", () => {
  const older = { number: 7, settled: 100, answered: 90, name: "a-90", sampleRate: 8_000 };
  const newer = { number: 8, settled: 200, answered: 200, name: "b-5", sampleRate: 8_000 };
  const file = Buffer.alloc(2 * slotBytes);
  encodeNote(older).copy(file, slotOf(older));
  assert.deepEqual(newestNote(file), older);
  for (let cut = 0; cut < slotBytes; cut += 1) {
    const torn = Buffer.from(file);
    encodeNote(newer).subarray(0, cut).copy(torn, slotOf(newer));
    const read = newestNote(torn);
    assert.ok(read?.number === 7 || (cut >= 36 && read?.number === 8), `cut at ${cut}`);
  }
  encodeNote(newer).copy(file, slotOf(newer));
  assert.deepEqual(newestNote(file), newer);
  assert.equal(newestNote(Buffer.alloc(0)), null);
  assert.equal(newestNote(Buffer.alloc(2 * slotBytes)), null);
});
