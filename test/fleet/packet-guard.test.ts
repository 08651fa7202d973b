import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CutMessage, type Misconduct, watchPackets } from "../../src/fleet/packet-guard.ts";

const limit = 65_536;
const most = 4 * 1024 * 1024;
const connack = [0x20, 0x03, 0x00, 0x00, 0x00];

function packet(firstByte: number, length: number, head: readonly number[] = []): number[] {
  const digits: number[] = [];
  let rest = length;
  do {
    digits.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return [firstByte, ...digits, ...head, ...Array.from({ length: length - head.length }, () => 0xff)];
}

/** A PUBLISH with these flags (DUP, QoS, retain), so many bytes long after its header. */
function message(flags: number, length: number, topic: string): number[] {
  const name = [...Buffer.from(topic)];
  const id = (flags & 0b0110) === 0 ? [] : [0x12, 0x34];
  return packet(0x30 | flags, length, [name.length >> 8, name.length & 0xff, ...name, ...id]);
}

/** What is found, and what is passed on, the bytes cut into chunks of this size. */
function watched(all: readonly number[], chunkSize: number, messageBytes = 0) {
  const bytes = Uint8Array.from(all);
  const watch = watchPackets({ packetBytes: limit, messageBytes });
  const passed: Uint8Array[] = [];
  const cut: CutMessage[] = [];
  let misconduct: Misconduct | null = null;
  for (let at = 0; at < bytes.length && misconduct === null; at += chunkSize) {
    const found = watch(bytes.subarray(at, at + chunkSize));
    if (typeof found === "string") misconduct = found;
    else {
      passed.push(found.bytes);
      cut.push(...found.cut.map(({ topic, retain }) => ({ topic, retain })));
    }
  }
  return { misconduct, passed: Buffer.concat(passed), cut };
}

const lengths = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 16_383, 16_384, limit)), { maxLength: 6 });
const chunkSizes = fc.integer({ min: 1, max: 5_000 });

test("packets of every size up to the limit pass as they are, however they are cut", () => {
  fc.assert(
    fc.property(lengths, chunkSizes, (all, chunkSize) => {
      const bytes = [...connack, ...all.flatMap((length) => packet(0x30, length))];
      const { misconduct, passed } = watched(bytes, chunkSize);
      assert.equal(misconduct, null);
      assert.ok(passed.equals(Uint8Array.from(bytes)));
      assert.equal(watched([...bytes, ...packet(0x30, limit + 1)], chunkSize).misconduct, "too-large");
    }),
  );
});

test("too large is known from the header alone; a length of more than four digits, too", () => {
  for (const messageBytes of [0, most]) {
    assert.equal(watched([...connack, 0x30, 0xff, 0xff, 0xff, 0x7f], 1, messageBytes).misconduct, "too-large");
    assert.equal(watched([...connack, 0x40, 0x80, 0x80, 0x80, 0x80], 1, messageBytes).misconduct, "too-large");
  }
});

test("what does not begin with CONNACK is no MQTT", () => {
  for (const text of ["HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH", "220 mail ESMTP"])
    assert.equal(watched([...Buffer.from(text)], 5).misconduct, "not-mqtt");
});

test("of a message that is cut, its flags and packet id are left, and its topic is told", () => {
  const large = fc.record({
    flags: fc.constantFrom(0b0000, 0b0001, 0b0010, 0b0011, 0b1010, 0b0100),
    length: fc.constantFrom(limit + 1, limit + 2, 70_000),
    topic: fc.constantFrom("t", "sis/v1/f/é/dn/config", "x".repeat(65_530)),
  });
  fc.assert(
    fc.property(lengths, large, lengths, chunkSizes, (before, { flags, length, topic }, after, chunkSize) => {
      const around = [before, after].map((all) => all.flatMap((each) => packet(0x40, each)));
      const [first = [], last = []] = around;
      const { misconduct, passed, cut } = watched(
        [...connack, ...first, ...message(flags, length, topic), ...last],
        chunkSize,
        most,
      );
      assert.equal(misconduct, null);
      assert.deepEqual(cut, [{ topic, retain: (flags & 1) === 1 }]);
      const remains = flags <= 1 ? [0x30 | flags, 2, 0, 0] : [0x30 | flags, 4, 0, 0, 0x12, 0x34];
      assert.ok(passed.equals(Uint8Array.from([...connack, ...first, ...remains, ...last])));
    }),
    { numRuns: 40 },
  );
});

test("what is no message, has no head, or is beyond all measure is not cut", () => {
  assert.equal(watched([...connack, ...packet(0x90, limit + 1)], 5_000, most).misconduct, "too-large");
  assert.equal(watched([...connack, ...packet(0x32, limit + 1, [0xff, 0xff])], 5_000, most).misconduct, "too-large");
  assert.equal(watched([...connack, ...packet(0x32, most + 1).slice(0, 9)], 5_000, most).misconduct, "too-large");
});
