import { closeSync, constants, fstatSync, openSync, readSync, truncateSync } from "node:fs";
import type { Span } from "../holes.ts";
import type { Position, Run } from "../timeline.ts";
import {
  decodeHeader,
  decodeSound,
  type FrameHeader,
  frameBytes,
  headerBytes,
  type Placed,
  seekHeader,
} from "./frame.ts";

/** One file of sound: frames that follow one another without a break. */
export interface SoundFile extends Span {
  readonly path: string;
  readonly bytes: number;
  /** Wall clock of its last sample, ms since the epoch. */
  readonly endMs: number;
}

/** A stretch of one stream and one clock. */
export type StoredBlock = Span & Run;
/** The same, and what is in it. */
export type Stored = SoundFile & { readonly blocks: readonly StoredBlock[] };

/**
 * Looks at the headers in a file, and cuts off what is torn: bytes at its end that are no whole frame.
 * @param sampleRate Hz of the log
 * @throws what the file system throws when the file cannot be read
 */
export function readStored(file: string, sampleRate: number): Stored {
  const descriptor = openSync(file, constants.O_RDONLY);
  try {
    const { size } = fstatSync(descriptor);
    const { headers, bytes } = wholeFrames(descriptor, size);
    if (bytes < size) cutOff(file, bytes);
    const blocks = withoutGaps(headers.map((header) => blockOf(header, sampleRate)));
    const last = blocks.at(-1);
    const endMs = last === undefined ? 0 : last.wallMs + ((last.to - last.from) * 1000) / sampleRate;
    return { path: file, from: blocks[0]?.from ?? 0, to: last?.to ?? 0, bytes, endMs, blocks };
  } finally {
    closeSync(descriptor);
  }
}

/** The headers of the frames in a file, up to the last that is whole, and where that ends. */
function wholeFrames(
  descriptor: number,
  size: number,
): { readonly headers: readonly FrameHeader[]; readonly bytes: number } {
  const frames: Placed[] = [];
  for (let next = frameAt(descriptor, 0, size); next !== null && endOf(next) <= size; ) {
    frames.push(next);
    next = frameAt(descriptor, endOf(next), size, next.header);
  }
  // The length of a file may be on disk before its content is.
  for (let last = frames.at(-1); last !== undefined; last = frames.at(-1)) {
    if (decodeSound(last.header, bytesFrom(descriptor, last.at, endOf(last)), 0) !== null) break;
    frames.pop();
  }
  const last = frames.at(-1);
  return { headers: frames.map(({ header }) => header), bytes: last === undefined ? 0 : endOf(last) };
}

/** The frame that begins at `at`, or the next behind it where that one's header went bad; null: there is none. */
function frameAt(descriptor: number, at: number, size: number, before?: FrameHeader): Placed | null {
  const header = headerAt(descriptor, at);
  if (header !== null && (before === undefined || follows(before, header))) return { header, at };
  if (before === undefined || at >= size) return null;
  const found = seekHeader(bytesFrom(descriptor, at, size), before);
  return found && { header: found.header, at: at + found.at };
}

function endOf({ header, at }: Placed): number {
  return at + frameBytes(header);
}

function follows(before: FrameHeader, next: FrameHeader): boolean {
  return before.position + before.samples === next.position && before.sampleRate === next.sampleRate;
}

/** What a bad header hid belongs to the block before it: it is found when it is read, and counted as lost. */
function withoutGaps(blocks: readonly StoredBlock[]): readonly StoredBlock[] {
  return blocks.map((block, index) => ({ ...block, to: blocks[index + 1]?.from ?? block.to }));
}

function bytesFrom(descriptor: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  readSync(descriptor, bytes, 0, bytes.length, start);
  return bytes;
}

function headerAt(descriptor: number, at: number): FrameHeader | null {
  const bytes = Buffer.alloc(headerBytes);
  return decodeHeader(bytes.subarray(0, readSync(descriptor, bytes, 0, headerBytes, at)));
}

/** A frame's place in a log of this sample rate. */
export function blockOf(header: FrameHeader, sampleRate: number): StoredBlock {
  const at = (position: Position) => Math.floor((position * sampleRate) / header.sampleRate);
  const { position, samples, stream, streamStart, wallMs } = header;
  return { from: at(position), to: at(position + samples), stream, streamStart: at(streamStart), wallMs };
}

function cutOff(file: string, bytes: number): void {
  try {
    truncateSync(file, bytes);
  } catch {
    // It is not read in any case.
  }
}
