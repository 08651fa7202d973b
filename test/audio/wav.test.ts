import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Encoding, frameBytes, type PcmFormat } from "../../src/audio/pcm.ts";
import { WavReader, wavHeader } from "../../src/audio/wav.ts";
import { Fault } from "../../src/base/fault.ts";

const telephone: PcmFormat = { encoding: "s16", channels: 1, sampleRate: 8_000 };
const sound = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function bytes(...parts: readonly (string | Uint8Array | readonly number[])[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Uint8Array.from(part))),
  );
}

function u32(value: number): Uint8Array {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(value);
  return four;
}

function chunk(name: string, content: Uint8Array, size = content.length): Uint8Array {
  return bytes(name, u32(size), content, new Uint8Array(content.length % 2));
}

const fmt = wavHeader(telephone, 0).subarray(12, 36);

function riff(...chunks: readonly Uint8Array[]): Uint8Array {
  return bytes("RIFF", u32(0), "WAVE", ...chunks);
}

/** Format and sound of a file that is read in pieces cut at `cuts`. */
function read(file: Uint8Array, cuts: readonly number[] = []): { format: PcmFormat | null; sound: number[] } {
  const reader = new WavReader();
  const heard: number[] = [];
  let from = 0;
  for (const to of [...cuts, file.length]) {
    heard.push(...reader.push(file.subarray(from, to)));
    from = to;
  }
  reader.end();
  return { format: reader.format, sound: heard };
}

function refused(file: Uint8Array, message: RegExp): void {
  assert.throws(
    () => read(file),
    (error) => error instanceof Fault && error.code === "source-unusable" && message.test(error.message),
  );
}

test("what the writer writes, the reader reads: every encoding, rate and number of channels", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Encoding>("u8", "s16", "s24", "s32", "f32", "alaw", "mulaw"),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1_000, max: 384_000 }),
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      (encoding, channels, sampleRate, content) => {
        const format = { encoding, channels, sampleRate };
        assert.deepEqual(read(bytes(wavHeader(format, content.length), content)), { format, sound: [...content] });
      },
    ),
  );
});

test("other chunks are skipped before the sound, odd ones with their padding, and ignored after it", () => {
  const file = riff(
    chunk("JUNK", new Uint8Array(27)),
    fmt,
    chunk("LIST", new Uint8Array(5_001)),
    chunk("data", sound),
    chunk("id3 ", new Uint8Array(33)),
  );
  assert.deepEqual(read(file).sound, [...sound]);
});

test("wherever the file is cut into pieces, the sound is the same", () => {
  const file = riff(chunk("JUNK", new Uint8Array(9)), fmt, chunk("data", sound), chunk("LIST", new Uint8Array(7)));
  fc.assert(
    fc.property(fc.array(fc.nat(file.length), { maxLength: 12 }), (cuts) => {
      assert.deepEqual(
        read(
          file,
          cuts.toSorted((a, b) => a - b),
        ).sound,
        [...sound],
      );
    }),
  );
  assert.deepEqual(
    read(
      file,
      [...file.keys()].map((at) => at + 1),
    ).sound,
    [...sound],
  );
});

test("what SoX, espeak-ng and arecord leave for a size that they do not know is no end of the sound", () => {
  for (const size of [0x7fff_f000, 0x8000_0000, 0xffff_ffff]) {
    const reader = new WavReader();
    let heard = reader.push(riff(fmt, chunk("data", new Uint8Array(0), size))).length;
    const piece = new Uint8Array(8 * 1024 * 1024);
    // A day of 16 kHz.
    while (heard < 2 * 16_000 * 86_400) {
      const { length } = reader.push(piece);
      assert.equal(length, piece.length, `${size.toString(16)}: deaf after ${heard} bytes`);
      heard += length;
    }
    assert.equal(reader.missingBytes, 0);
  }
});

for (const size of [0, 0xffff_ffff, 1_000_000] as const) {
  test(`a stream or a torn file that claims ${size} bytes of sound gives what is there`, () => {
    assert.deepEqual(read(riff(fmt, chunk("data", sound, size))).sound, [...sound]);
  });
}

test("WAVE_FORMAT_EXTENSIBLE is the format its GUID names", () => {
  const guid = Buffer.from("0300000000001000800000aa00389b71", "hex");
  const extended = chunk(
    "fmt ",
    bytes([0xfe, 0xff, 2, 0], u32(48_000), u32(384_000), [8, 0, 32, 0, 22, 0, 32, 0], u32(3), guid),
  );
  assert.deepEqual(read(riff(extended, chunk("data", sound))).format, {
    encoding: "f32",
    channels: 2,
    sampleRate: 48_000,
  });
  guid[15] = 0;
  refused(riff(chunk("fmt ", bytes(extended.subarray(8, 32), guid)), chunk("data", sound)), /kind of sound/);
});

test("20 bits in 3 bytes are read as 24", () => {
  const header = wavHeader({ encoding: "s24", channels: 1, sampleRate: 48_000 }, 3);
  header[34] = 20;
  assert.equal(read(bytes(header, [1, 2, 3])).format?.encoding, "s24");
});

test("RF64 knows sizes beyond 4 GiB: its own size counts, not the data chunk's", () => {
  const ds64 = chunk("ds64", bytes(u32(0), u32(0), u32(4), u32(0), u32(4), u32(0), u32(0)));
  const file = bytes("RF64", u32(0xffff_ffff), "WAVE", ds64, fmt, chunk("data", sound, 0xffff_ffff));
  assert.deepEqual(read(file).sound, [1, 2, 3, 4]);
});

test("what cannot be played is refused in words", () => {
  refused(new Uint8Array(0), /not a WAV/);
  refused(bytes("OggS", new Uint8Array(60)), /not a WAV/);
  refused(bytes("RIFX", new Uint8Array(60)), /not a WAV/);
  refused(bytes("RIFF", u32(50), "AVI ", new Uint8Array(40)), /not a WAV/);
  refused(riff(fmt), /breaks off/);
  refused(riff(fmt, bytes("da")), /breaks off/);
  refused(riff(chunk("data", sound)), /before its format/);
  refused(
    riff(chunk("fmt ", bytes([0x55, 0, 1, 0], u32(8_000), u32(1_000), [1, 0, 0, 0])), chunk("data", sound)),
    /format 85/,
  );
  refused(riff(chunk("fmt ", bytes([1, 0, 1, 0], u32(8_000), u32(8_000), [7, 0, 16, 0]))), /contradicts/);
  refused(riff(chunk("fmt ", bytes([1, 0, 0, 0], u32(8_000), u32(0), [0, 0, 16, 0]))), /not supported/);
  refused(riff(chunk("fmt ", bytes([1, 0, 1, 0], u32(4_000_000), u32(0), [2, 0, 16, 0]))), /not supported/);
  refused(riff(chunk("fmt ", bytes([3, 0, 1, 0], u32(8_000), u32(0), [8, 0, 64, 0]))), /64 bits/);
});

test("no input crashes it: it gives sound or a Fault", { timeout: 300_000 }, () => {
  const header = wavHeader(telephone, 8);
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // a good header with bytes changed: gets deeper
    fc.array(fc.tuple(fc.nat(header.length - 1), fc.nat(255)), { maxLength: 5 }).map((changes) => {
      const broken = Buffer.concat([header, sound]);
      for (const [at, value] of changes) broken[at] = value;
      return broken;
    }),
  );
  fc.assert(
    fc.property(noise, fc.array(fc.nat(200), { maxLength: 4 }), (file, cuts) => {
      try {
        const { format, sound: heard } = read(
          file,
          cuts.toSorted((a, b) => a - b),
        );
        assert.ok(format !== null && frameBytes(format) > 0 && heard.length <= file.length);
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === "source-unusable", String(error));
      }
    }),
    { numRuns: 10_000 },
  );
});
