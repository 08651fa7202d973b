import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Misconduct, watchPackets } from "../../src/fleet/packet-guard.ts";

const limit = 65_536;
const connack = [0x20, 0x03, 0x00, 0x00, 0x00];

function packet(firstByte: number, length: number): number[] {
  const digits: number[] = [];
  let rest = length;
  do {
    digits.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return [firstByte, ...digits, ...Array.from({ length: Math.min(length, limit) }, () => 0xff)];
}

/** What is found, the bytes cut into chunks of this size. */
function found(bytes: readonly number[], chunkSize: number): Misconduct | null {
  const watch = watchPackets(limit);
  for (let at = 0; at < bytes.length; at += chunkSize) {
    const misconduct = watch(Uint8Array.from(bytes.slice(at, at + chunkSize)));
    if (misconduct !== null) return misconduct;
  }
  return null;
}

test("packets of every size up to the limit pass, however they are cut", () => {
  const lengths = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 16_383, 16_384, limit)), { maxLength: 6 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 5_000 }), (all, chunkSize) => {
      const bytes = [...connack, ...all.flatMap((length) => packet(0x30, length))];
      assert.equal(found(bytes, chunkSize), null);
      assert.equal(found([...bytes, ...packet(0x30, limit + 1)], chunkSize), "too-large");
    }),
  );
});

test("too large is known from the header alone; a length of more than four digits, too", () => {
  assert.equal(found([...connack, 0x30, 0xff, 0xff, 0xff, 0x7f], 1), "too-large");
  assert.equal(found([...connack, 0x40, 0x80, 0x80, 0x80, 0x80], 1), "too-large");
});

test("what does not begin with CONNACK is no MQTT", () => {
  for (const text of ["HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH", "220 mail ESMTP"])
    assert.equal(found([...Buffer.from(text)], 5), "not-mqtt");
});
