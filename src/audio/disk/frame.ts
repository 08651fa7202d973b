import { crc32 } from "node:zlib";
import type { Position, Run } from "../timeline.ts";

/*
 * A frame: sound in one piece, with all that is needed to use it without any other. Little endian.
 *
 *      0  "SIS1"
 *      4  CRC-32 of the header's bytes 8 to 95
 *      8  CRC-32 of the sound
 *     12  samples (16 bit, mono)
 *     16  position of the first sample in the audio log (float64)
 *     24  its wall clock, ms since the epoch (float64)
 *     32  position at which its stream began (float64)
 *     40  sample rate, Hz
 *     44  the stream's id: its length, then up to 51 bytes
 *     96  the sound
 */

const magic = 0x31534953;
export const headerBytes = 96;
const mostIdBytes = 51;
/** A minute of the richest format: whatever claims to be longer is no frame of ours. */
const mostSamples = 16_000 * 60;

/** What a frame holds, but for its sound. */
export interface FrameHeader extends Run {
  readonly position: Position;
  readonly samples: number;
  /** Hz */
  readonly sampleRate: number;
  readonly soundCrc: number;
}

/** @throws RangeError if the stream's id is longer than a frame can hold */
export function encodeFrame(
  block: Run & { readonly position: Position; readonly samples: Int16Array },
  sampleRate: number,
): Buffer {
  const { samples } = block;
  const sound = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const frame = Buffer.alloc(headerBytes + sound.length);
  const id = Buffer.from(block.stream);
  if (id.length > mostIdBytes)
    throw new RangeError(`the stream's id has ${id.length} bytes, ${mostIdBytes} are possible`);
  frame.writeUInt32LE(magic, 0);
  frame.writeUInt32LE(crc32(sound), 8);
  frame.writeUInt32LE(samples.length, 12);
  frame.writeDoubleLE(block.position, 16);
  frame.writeDoubleLE(block.wallMs, 24);
  frame.writeDoubleLE(block.streamStart, 32);
  frame.writeUInt32LE(sampleRate, 40);
  frame.writeUInt8(id.length, 44);
  id.copy(frame, 45);
  frame.writeUInt32LE(crc32(frame.subarray(8, headerBytes)), 4);
  sound.copy(frame, headerBytes);
  return frame;
}

/** The header at the beginning of `bytes`; null: there is no whole, valid one. */
export function decodeHeader(bytes: Buffer): FrameHeader | null {
  if (bytes.length < headerBytes || bytes.readUInt32LE(0) !== magic) return null;
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(8, headerBytes))) return null;
  const header = {
    soundCrc: bytes.readUInt32LE(8),
    samples: bytes.readUInt32LE(12),
    position: bytes.readDoubleLE(16),
    wallMs: bytes.readDoubleLE(24),
    streamStart: bytes.readDoubleLE(32),
    sampleRate: bytes.readUInt32LE(40),
    stream: bytes.toString("utf8", 45, 45 + Math.min(bytes.readUInt8(44), mostIdBytes)),
  };
  const sane =
    header.samples > 0 &&
    header.samples <= mostSamples &&
    Number.isSafeInteger(header.position) &&
    header.position >= 0 &&
    Number.isFinite(header.wallMs) &&
    Number.isFinite(header.streamStart) &&
    (header.sampleRate === 8_000 || header.sampleRate === 16_000);
  return sane ? header : null;
}

/** A frame's header, and where in the bytes it begins. */
export interface Placed {
  readonly header: FrameHeader;
  readonly at: number;
}

/**
 * The next header behind one that went bad at the beginning of `bytes`; null: there is none. What a power cut leaves at
 * the end of a file may be a piece of a deleted one: what cannot have been written here is not taken.
 * @param before the last good one
 */
export function seekHeader(bytes: Buffer, before: FrameHeader): Placed | null {
  for (let at = bytes.indexOf("SIS1", 1); at >= 0; at = bytes.indexOf("SIS1", at + 1)) {
    const header = decodeHeader(bytes.subarray(at));
    if (header === null || header.stream !== before.stream || header.sampleRate !== before.sampleRate) continue;
    const missing = header.position - before.position - before.samples;
    if (missing > 0 && headerBytes + missing * 2 <= at) return { header, at };
  }
  return null;
}

/** The frames of a file, one after the other; one whose header went bad is left out. */
export function* framesIn(file: Buffer): Generator<Placed> {
  let before: FrameHeader | null = null;
  for (let at = 0; at < file.length; ) {
    const rest = file.subarray(at);
    const header = decodeHeader(rest);
    const next: Placed | null = header !== null ? { header, at: 0 } : before && seekHeader(rest, before);
    if (next === null) return;
    before = next.header;
    yield { header: before, at: at + next.at };
    at += next.at + frameBytes(before);
  }
}

/** The length of a frame, bytes. */
export function frameBytes(header: FrameHeader): number {
  return headerBytes + header.samples * 2;
}

/** The sound of a frame as `encodeFrame` made it: not copied. */
export function soundIn(frame: Buffer): Int16Array {
  return new Int16Array(frame.buffer, frame.byteOffset + headerBytes, (frame.length - headerBytes) / 2);
}

/** The sound of the frame that begins at `at` in `bytes`; null: it is not what was written. */
export function decodeSound(header: FrameHeader, bytes: Buffer, at: number): Int16Array | null {
  const sound = bytes.subarray(at + headerBytes, at + frameBytes(header));
  if (sound.length < header.samples * 2 || crc32(sound) !== header.soundCrc) return null;
  const samples = new Int16Array(header.samples);
  Buffer.from(samples.buffer).set(sound);
  return samples;
}
