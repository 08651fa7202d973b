import { type AudioFormat, bytesPerSample, encodingOf } from "../sis/request.ts";

/** Turns the bytes of one session into samples, wherever messages cut them. */
export interface AudioDecoder {
  /** The samples that `bytes` complete. */
  decode(bytes: Uint8Array): Int16Array;
}

/** A decoder for one session's audio: signed 16 bit little-endian PCM, or G.711 bytes. */
export function audioDecoder(format: AudioFormat): AudioDecoder {
  const encoding = encodingOf(format);
  if (encoding !== "pcm") {
    const table = encoding === "ulaw" ? ulaw : alaw;
    return { decode: (bytes) => Int16Array.from(bytes, (byte) => table[byte] ?? 0) };
  }
  let held: number | null = null;
  return {
    decode(bytes) {
      const head = held === null ? 0 : 1;
      const samples = new Int16Array((bytes.length + head) >> 1);
      const byteAt = (index: number) => (index < head ? (held ?? 0) : (bytes[index - head] ?? 0));
      for (let i = 0; i < samples.length; i++) samples[i] = byteAt(2 * i) | (byteAt(2 * i + 1) << 8);
      const odd = (bytes.length + head) % bytesPerSample(format) === 1;
      held = odd ? byteAt(bytes.length + head - 1) : null;
      return samples;
    },
  };
}

/** ITU-T G.711: each code as the middle of its step, on the scale of 16 bits. */
const ulaw = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
});

const alaw = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const exponent = (bits & 0x70) >> 4;
  const step = (bits & 0x0f) << 4;
  const magnitude = exponent === 0 ? step + 8 : (step + 0x108) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
});
