import { decodeALaw, decodeMuLaw } from "./g711.ts";

/** How one sample is written. All little-endian; `u8` is offset binary, `f32` has full scale at ±1. */
export type Encoding = "u8" | "s16" | "s24" | "s32" | "f32" | "alaw" | "mulaw";

/** The shape of interleaved sound in bytes. */
export interface PcmFormat {
  readonly encoding: Encoding;
  readonly channels: number;
  /** Hz */
  readonly sampleRate: number;
}

const encodings: Readonly<Record<Encoding, { readonly bytes: number; readonly words: string }>> = {
  u8: { bytes: 1, words: "8-bit" },
  s16: { bytes: 2, words: "16-bit" },
  s24: { bytes: 3, words: "24-bit" },
  s32: { bytes: 4, words: "32-bit" },
  f32: { bytes: 4, words: "32-bit float" },
  alaw: { bytes: 1, words: "A-law" },
  mulaw: { bytes: 1, words: "µ-law" },
};

/** Bytes of one sample. */
export function sampleBytes(encoding: Encoding): number {
  return encodings[encoding].bytes;
}

/** Bytes of one sample of every channel. */
export function frameBytes(format: PcmFormat): number {
  return format.channels * sampleBytes(format.encoding);
}

/** "44100 Hz stereo 24-bit" */
export function describeFormat(format: PcmFormat): string {
  const channels = ["mono", "stereo"][format.channels - 1] ?? `${format.channels} channels`;
  return `${format.sampleRate} Hz ${channels} ${encodings[format.encoding].words}`;
}

/**
 * One channel out of all: their mean. Full scale is ±1; floating-point values that are no numbers become silence.
 * @param bytes whole frames; what is left over at the end is ignored
 */
export function toMono(format: PcmFormat, bytes: Uint8Array): Float32Array {
  const sampleAt = reader(format.encoding, bytes);
  const mono = new Float32Array(Math.floor(bytes.length / frameBytes(format)));
  for (let frame = 0; frame < mono.length; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < format.channels; channel += 1) sum += sampleAt(frame * format.channels + channel);
    mono[frame] = sum / format.channels;
  }
  return mono;
}

/**
 * What is 16-bit mono already, for machines that are little-endian themselves: the same memory, where it is aligned.
 * @param bytes whole samples
 */
export function readInt16(bytes: Uint8Array): Int16Array {
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const samples = new Int16Array(bytes.length / 2);
  new Uint8Array(samples.buffer).set(bytes);
  return samples;
}

/** Rounds to 16 bits; what is beyond full scale is cut off. */
export function toInt16(mono: Float32Array): Int16Array {
  // A plain loop: Int16Array.from with a function takes many times as long.
  const samples = new Int16Array(mono.length);
  for (let n = 0; n < mono.length; n += 1) {
    samples[n] = Math.max(-32_768, Math.min(32_767, Math.round((mono[n] ?? 0) * 32_768)));
  }
  return samples;
}

function reader(encoding: Encoding, bytes: Uint8Array): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (encoding) {
    case "u8":
      return (index) => (view.getUint8(index) - 128) / 128;
    case "s16":
      return (index) => view.getInt16(2 * index, true) / 0x8000;
    case "s24":
      return (index) => (view.getInt8(3 * index + 2) * 0x1_0000 + view.getUint16(3 * index, true)) / 0x80_0000;
    case "s32":
      return (index) => view.getInt32(4 * index, true) / 0x8000_0000;
    case "f32":
      return (index) => {
        const value = view.getFloat32(4 * index, true);
        return Number.isFinite(value) ? value : 0;
      };
    case "alaw":
    case "mulaw": {
      const samples = encoding === "alaw" ? decodeALaw(bytes) : decodeMuLaw(bytes);
      return (index) => (samples[index] ?? 0) / 0x8000;
    }
  }
}
