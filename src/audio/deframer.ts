import { crc16 } from "../base/crc16.ts";

// Sound from a serial microphone, in frames (all numbers little-endian):
//
//   A5 5A | rate u16 | number u16 | length u16 | length bytes of 16-bit samples | crc u16
//
// rate is in 100 Hz; number runs through all frames and round; crc is CRC-16/XMODEM of everything from rate to the last
// sample. Documented for makers of microphones in docs/panel.md.

export interface Frame {
  /** Hz */
  readonly sampleRate: number;
  /** 0..65535, one more for each frame. */
  readonly number: number;
  readonly samples: Int16Array;
}

const headBytes = 8;
const tailBytes = 2;
/** Of samples in a frame: 64 ms at 16 kHz. */
export const longestPayload = 2048;
const slowest = 80;
const fastest = 480;
const sync = [0xa5, 0x5a] as const;

/** A frame as it goes over the wire. @param samples 1 to 1024 */
export function encodeFrame({ sampleRate, number, samples }: Frame): Uint8Array {
  const bytes = Buffer.alloc(headBytes + samples.byteLength + tailBytes);
  bytes.set(sync);
  bytes.writeUInt16LE(sampleRate / 100, 2);
  bytes.writeUInt16LE(number, 4);
  bytes.writeUInt16LE(samples.byteLength, 6);
  bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), headBytes);
  bytes.writeUInt16LE(crc16(bytes.subarray(2, bytes.length - tailBytes)), bytes.length - tailBytes);
  return bytes;
}

/**
 * Finds frames in a stream of bytes, however it is cut. What is no frame is passed over, byte by byte, so that noise never
 * costs a frame that comes after it. Holds one frame at most.
 */
export class Deframer {
  #rest: Uint8Array = new Uint8Array(0);

  push(bytes: Uint8Array): Frame[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      at = nextSync(all, at);
      const size = sizeAt(all, at);
      if (size === "unknown" || (size !== "impossible" && at + size > all.length)) break;
      const frame = size === "impossible" ? null : frameOf(all.subarray(at, at + size));
      if (frame !== null && size !== "impossible") {
        frames.push(frame);
        at += size;
      } else {
        at += 1;
      }
    }
    this.#rest = new Uint8Array(all.subarray(at));
    return frames;
  }
}

/** Where a frame may begin: at the sync, at the first half of it at the very end, or not before the end. */
function nextSync(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(sync[0], from); at !== -1; at = bytes.indexOf(sync[0], at + 1)) {
    if (at + 1 === bytes.length || bytes[at + 1] === sync[1]) return at;
  }
  return bytes.length;
}

/** Of the whole frame that begins there. */
function sizeAt(bytes: Buffer, at: number): number | "unknown" | "impossible" {
  if (at + headBytes > bytes.length) return "unknown";
  const rate = bytes.readUInt16LE(at + 2);
  const length = bytes.readUInt16LE(at + 6);
  const possible = rate >= slowest && rate <= fastest && length > 0 && length <= longestPayload && length % 2 === 0;
  return possible ? headBytes + length + tailBytes : "impossible";
}

function frameOf(bytes: Buffer): Frame | null {
  const end = bytes.length - tailBytes;
  if (crc16(bytes.subarray(2, end)) !== bytes.readUInt16LE(end)) return null;
  const samples = new Int16Array((end - headBytes) / 2);
  for (let n = 0; n < samples.length; n += 1) samples[n] = bytes.readInt16LE(headBytes + 2 * n);
  return { sampleRate: bytes.readUInt16LE(2) * 100, number: bytes.readUInt16LE(4), samples };
}
