import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from "../../src/audio/g711.ts";

const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
const everyCode = Uint8Array.from({ length: 256 }, (_, code) => code);

test("µ-law gives the codes that G.711 lists", () => {
  assert.deepEqual(
    [...encodeMuLaw(Int16Array.of(0, -1, 3, 4, -5, 1000, -1000, 32_767, -32_768))],
    [0xff, 0x7f, 0xff, 0xfe, 0x7e, 0xce, 0x4e, 0x80, 0x00],
  );
  assert.deepEqual([...decodeMuLaw(Uint8Array.of(0xff, 0x7f, 0xfe, 0x80, 0x00))], [0, 0, 8, 32_124, -32_124]);
});

test("A-law gives the codes that G.711 lists", () => {
  assert.deepEqual(
    [...encodeALaw(Int16Array.of(0, -1, 16, -17, 32_767, -32_768))],
    [0xd5, 0x55, 0xd4, 0x54, 0xaa, 0x2a],
  );
  assert.deepEqual([...decodeALaw(Uint8Array.of(0xd5, 0x55, 0xaa, 0x2a))], [8, -8, 32_256, -32_256]);
});

for (const law of [
  { name: "µ-law", sox: "u-law", encode: encodeMuLaw, decode: decodeMuLaw, negativeZero: 0x7f, bias: 132 },
  { name: "A-law", sox: "a-law", encode: encodeALaw, decode: decodeALaw, negativeZero: null, bias: 0 },
] as const) {
  test(`${law.name}: what was decoded encodes to the same code`, () => {
    const again = law.encode(law.decode(everyCode));
    for (const code of everyCode) {
      assert.equal(again[code], code === law.negativeZero ? 0xff : code);
    }
  });

  test(`${law.name}: no sample is off by more than half a step of its segment, and the order is kept`, () => {
    const there = law.decode(law.encode(everySample));
    let previous = Number.NEGATIVE_INFINITY;
    for (const [index, sample] of everySample.entries()) {
      const back = there[index] ?? Number.NaN;
      // 16 steps in each power of two, except for the overload at the very top.
      const halfStep = Math.max(8, (Math.abs(sample) + law.bias) / 32);
      const overload = Math.max(0, Math.abs(sample) - 32_124);
      assert.ok(Math.abs(back - sample) <= halfStep + overload, `${sample} became ${back}`);
      assert.ok(back >= previous, `${sample} became ${back}, less than ${previous}`);
      previous = back;
    }
  });

  test(`${law.name}: sox reads and writes the same codes`, (context) => {
    const raw = ["-t", "raw", "-r", "8000", "-c", "1"];
    const wide = [...raw, "-e", "signed", "-b", "16", "-"];
    const narrow = [...raw, "-e", law.sox, "-b", "8", "-"];
    const decoded = spawnSync("sox", ["-D", ...narrow, ...wide], { input: everyCode });
    if (decoded.error !== undefined) return context.skip("sox is not installed");
    assert.deepEqual(samplesOf(decoded.stdout), law.decode(everyCode));

    const encoded = spawnSync("sox", ["-D", ...wide, ...narrow], { input: new Uint8Array(everySample.buffer) });
    const ours = law.encode(everySample);
    const ranks = [...everyCode].toSorted(
      (a, b) => (law.decode(Uint8Array.of(a))[0] ?? 0) - (law.decode(Uint8Array.of(b))[0] ?? 0),
    );
    let different = 0;
    for (const [index, sample] of everySample.entries()) {
      // sox rounds to the law's 13 or 14 bits first, G.711 cuts: beside a step's edge both neighbours are right.
      const [a, b] = [ours[index] ?? -1, encoded.stdout[index] ?? -1];
      const apart = Math.abs(ranks.indexOf(a) - ranks.indexOf(b));
      assert.ok(apart <= 1, `${sample}: ours ${a}, sox's ${b}`);
      different += apart;
    }
    assert.ok(different < 0.02 * everySample.length, `${different} differ`);
  });
}

function samplesOf(bytes: Buffer): Int16Array {
  return Int16Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(index * 2));
}
