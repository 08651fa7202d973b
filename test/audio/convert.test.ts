import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { Converter, describeConversion } from "../../src/audio/convert.ts";
import type { Encoding, PcmFormat } from "../../src/audio/pcm.ts";
import { WavReader } from "../../src/audio/wav.ts";

function convert(format: PcmFormat, sampleRate: number, bytes: Uint8Array, cuts: readonly number[] = []): number[] {
  const converter = new Converter(format, sampleRate);
  const samples: number[] = [];
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    samples.push(...converter.push(bytes.subarray(from, to)));
    from = to;
  }
  return [...samples, ...converter.end()];
}

const mono16k = { encoding: "s16", channels: 1, sampleRate: 16_000 } as const;

test("16-bit mono at the same rate passes bit for bit", () => {
  fc.assert(
    fc.property(fc.int16Array({ maxLength: 300 }), (samples) => {
      assert.deepEqual(convert(mono16k, 16_000, new Uint8Array(samples.buffer)), [...samples]);
    }),
  );
});

test("16-bit mono at another rate is converted", () => {
  const tone = Int16Array.from({ length: 800 }, (_, n) => Math.round(10_000 * Math.sin(n / 5)));
  const converted = convert({ ...mono16k, sampleRate: 8_000 }, 16_000, new Uint8Array(tone.buffer));
  assert.equal(converted.length, 1_600);
  assert.ok(Math.abs((converted[801] ?? 0) - 10_000 * Math.sin(801 / 10)) < 20);
});

test("every encoding has its full scale at full scale, its zero at zero", () => {
  const cases: readonly (readonly [Encoding, readonly number[], readonly number[]])[] = [
    ["u8", [0, 128, 255], [-32_768, 0, 32_512]],
    ["s16", [0, 0x80, 0, 0, 0xff, 0x7f], [-32_768, 0, 32_767]],
    ["s24", [0, 0, 0x80, 0, 0, 0, 0xff, 0xff, 0x7f, 0, 0xff, 0xff], [-32_768, 0, 32_767, -1]],
    ["s32", [0, 0, 0, 0x80, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f], [-32_768, 0, 32_767]],
    ["f32", [...new Uint8Array(Float32Array.of(-1, 0, 1, 0.5).buffer)], [-32_768, 0, 32_767, 16_384]],
    ["alaw", [0x2a, 0xaa], [-32_256, 32_256]],
    ["mulaw", [0x00, 0xff, 0x80], [-32_124, 0, 32_124]],
  ];
  for (const [encoding, bytes, samples] of cases) {
    assert.deepEqual(
      convert({ encoding, channels: 1, sampleRate: 16_000 }, 16_000, Uint8Array.from(bytes)),
      samples,
      encoding,
    );
  }
});

test("several channels become their mean", () => {
  const stereo = Int16Array.of(1_000, 3_000, -32_768, -32_768, 32_767, 32_767);
  const format = { ...mono16k, channels: 2 };
  assert.deepEqual(convert(format, 16_000, new Uint8Array(stereo.buffer)), [2_000, -32_768, 32_767]);
});

test("what is no number, or far beyond full scale, in a floating-point file does no harm", () => {
  const wild = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 3e38, -3e38, Number.NEGATIVE_INFINITY, 0);
  const format: PcmFormat = { encoding: "f32", channels: 1, sampleRate: 16_000 };
  assert.deepEqual(convert(format, 16_000, new Uint8Array(wild.buffer)), [0, 0, 32_767, -32_768, 0, 0]);
});

test("the result does not depend on how the bytes are cut; a torn last frame is dropped", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Encoding>("u8", "s16", "s24", "s32", "f32", "alaw", "mulaw"),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(8_000, 16_000, 44_100),
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(400), { maxLength: 6 }),
      (encoding, channels, sampleRate, bytes, cuts) => {
        const format = { encoding, channels, sampleRate };
        const cutAt = cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b);
        assert.deepEqual(convert(format, 16_000, bytes, cutAt), convert(format, 16_000, bytes));
      },
    ),
    { numRuns: 500 },
  );
});

test("the conversion is told in words", () => {
  assert.equal(describeConversion(mono16k, 16_000), "16000 Hz mono 16-bit");
  assert.equal(
    describeConversion({ encoding: "s24", channels: 2, sampleRate: 44_100 }, 16_000),
    "44100 Hz stereo 24-bit, converted to 16000 Hz mono",
  );
  assert.equal(
    describeConversion({ encoding: "mulaw", channels: 6, sampleRate: 8_000 }, 8_000),
    "8000 Hz 6 channels µ-law, converted to 8000 Hz mono",
  );
});

const soxKinds = [
  ["unsigned 8-bit, 11025 Hz", ["-e", "unsigned", "-b", "8", "-r", "11025"], 30],
  ["24-bit, 44100 Hz", ["-e", "signed", "-b", "24", "-r", "44100"], 60],
  ["32-bit, 48000 Hz", ["-e", "signed", "-b", "32", "-r", "48000"], 60],
  ["32-bit float, 96000 Hz", ["-e", "float", "-b", "32", "-r", "96000"], 60],
  ["A-law, 8000 Hz", ["-e", "a-law", "-b", "8", "-r", "8000"], 30],
  ["µ-law, 16000 Hz", ["-e", "u-law", "-b", "8", "-r", "16000"], 30],
] as const;

for (const [kind, options, leastSnrDb] of soxKinds) {
  test(`a stereo WAV that sox writes to a pipe (${kind}) sounds the same`, (context) => {
    const wav = spawnSync(
      "sox",
      ["-D", "-n", ...options, "-c", "2", "-t", "wav", "-", "synth", "0.5", "sine", "700", "gain", "-6"],
      { maxBuffer: 1e7 },
    );
    if (wav.error !== undefined) return context.skip("sox is not installed");
    const reader = new WavReader();
    const sound = reader.push(wav.stdout);
    assert.ok(reader.format);
    const samples = convert(reader.format, 16_000, sound);
    assert.ok(Math.abs(samples.length - 8_000) <= 1, `${samples.length} samples`);
    let noise = 0;
    let power = 0;
    for (const [n, sample] of samples.slice(400, -400).entries()) {
      const expected = 32_768 * 10 ** (-6 / 20) * Math.sin((2 * Math.PI * 700 * (n + 400)) / 16_000);
      noise += (sample - expected) ** 2;
      power += expected ** 2;
    }
    const snrDb = 10 * Math.log10(power / noise);
    assert.ok(snrDb > leastSnrDb, `${snrDb.toFixed(1)} dB`);
  });
}
