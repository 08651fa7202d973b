import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
} from "node:fs";
import path from "node:path";
import type { Span } from "../holes.ts";
import type { Progress, Resumed } from "../store.ts";
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
import { type Note, newestNote } from "./note.ts";

export const soundSuffix = ".sound";
const noteName = "progress";

/** One file of sound: frames that follow one another without a break. */
export interface SoundFile extends Span {
  readonly path: string;
  readonly bytes: number;
  /** Wall clock of its last sample, ms since the epoch. */
  readonly endMs: number;
}

/** What an earlier run left in the folder. */
export interface Found {
  readonly files: readonly SoundFile[];
  readonly resumed: Resumed | null;
  /** Number of the last note. */
  readonly noteNumber: number;
  /** Bytes that were no whole frame: what was being written when the power went. */
  readonly torn: number;
  /** Why something that is done with is still there; null: nothing is. */
  readonly leftOver: unknown;
}

type StoredBlock = Span & Run;
type Stored = SoundFile & { readonly blocks: readonly StoredBlock[]; readonly torn: number };

export function notePath(folder: string): string {
  return path.join(folder, noteName);
}

/**
 * Looks through the folder, cuts off what is torn, and deletes what the service has dealt with. Reads only the headers
 * of the frames, and the last frame of each file: a full folder takes a moment, not a minute.
 * @param sampleRate Hz; positions of sound at another rate are converted
 * @throws what the file system throws when the folder cannot be read
 */
export function lookThrough(folder: string, sampleRate: number): Found {
  const names = orIfMissing(() => readdirSync(folder), []).filter((name) => name.endsWith(soundSuffix));
  const all = names.flatMap((name) => readStored(path.join(folder, name), sampleRate) ?? []);
  const note = newestNote(orIfMissing(() => readFileSync(notePath(folder)), Buffer.alloc(0)));
  const stored = withoutOverlaps(all, sampleRate);
  const progress = note === null ? beginningOf(stored) : atRate(note, sampleRate);
  const files = stored.filter((file) => progress !== null && file.to > progress.settled);
  const done = all.map((file) => file.path).filter((file) => !files.some((each) => each.path === file));
  const torn = all.reduce((sum, file) => sum + file.torn, 0);
  if (progress === null || files.length === 0) {
    // Positions begin at 0 again: an old note would take new sound for settled.
    const leftOver = remove([...done, notePath(folder)]);
    return { files: [], resumed: null, noteNumber: 0, torn, leftOver };
  }
  const blocks = files.flatMap((file) => file.blocks).filter((block) => block.to > progress.settled);
  return { files, resumed: { progress, blocks }, noteNumber: note?.number ?? 0, torn, leftOver: remove(done) };
}

/** In order, each position once: a piece that could not be written to its end was written again elsewhere. */
function withoutOverlaps(files: readonly Stored[], sampleRate: number): readonly Stored[] {
  let covered = 0;
  return files
    .toSorted((a, b) => a.from - b.from || b.to - a.to)
    .flatMap((file) => {
      const blocks = file.blocks
        .filter((block) => block.to > covered)
        .map((block) => startingAt(block, Math.max(block.from, covered), sampleRate));
      covered = Math.max(covered, file.to);
      const first = blocks[0];
      return first === undefined ? [] : [{ ...file, from: first.from, blocks }];
    });
}

function startingAt(block: StoredBlock, from: Position, sampleRate: number): StoredBlock {
  return { ...block, from, wallMs: block.wallMs + ((from - block.from) * 1000) / sampleRate };
}

/** Where the service got, when no note tells: nowhere. */
function beginningOf(files: readonly Stored[]): Progress | null {
  const first = files[0]?.blocks[0];
  if (first === undefined) return null;
  return { settled: first.from, answered: first.from, name: `${first.stream}-${first.from - first.streamStart}` };
}

function atRate(note: Note, sampleRate: number): Progress {
  const at = (position: Position) => Math.floor((position * sampleRate) / note.sampleRate);
  return { settled: at(note.settled), answered: at(note.answered), name: note.name };
}

/** What is in a file; null: it cannot be read. */
function readStored(file: string, sampleRate: number): Stored | null {
  try {
    const descriptor = openSync(file, constants.O_RDONLY);
    try {
      const { size } = fstatSync(descriptor);
      const { headers, bytes } = wholeFrames(descriptor, size);
      if (bytes < size) cutOff(file, bytes);
      const blocks = withoutGaps(headers.map((header) => blockOf(header, sampleRate)));
      const last = blocks.at(-1);
      const endMs = last === undefined ? 0 : last.wallMs + ((last.to - last.from) * 1000) / sampleRate;
      return { path: file, from: blocks[0]?.from ?? 0, to: last?.to ?? 0, bytes, endMs, blocks, torn: size - bytes };
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
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

/** @returns why one of the files is still there; null: all are gone */
function remove(files: readonly string[]): unknown {
  let leftOver: unknown = null;
  for (const file of files) {
    try {
      orIfMissing(() => rmSync(file, { force: true }), undefined);
    } catch (error) {
      leftOver = error;
    }
  }
  return leftOver;
}

/** A file where the folder should be is as good as no folder: there is nothing to resume. */
const missing: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR"]);

function orIfMissing<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && missing.has(error.code)) return otherwise;
    throw error;
  }
}
