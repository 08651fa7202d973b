import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { isMissing } from "../../base/disk-fault.ts";
import type { Progress, Resumed } from "../store.ts";
import type { Position } from "../timeline.ts";
import { type Note, newestNote } from "./note.ts";
import { readStored, type SoundFile, type Stored, type StoredBlock } from "./stored.ts";

export const soundSuffix = ".sound";
const noteName = "progress";

/** What an earlier run left in the folder. */
export interface Found {
  readonly files: readonly SoundFile[];
  readonly resumed: Resumed | null;
  /** Number of the last note. */
  readonly noteNumber: number;
  /** Why something is still there that is not in `files`: it cannot be deleted, or not be read; null: nothing is. */
  readonly leftOver: unknown;
}

export function notePath(folder: string): string {
  return path.join(folder, noteName);
}

/**
 * Looks through the folder, cuts off what was being written when the power went, and deletes what the service has dealt
 * with. Reads only the headers of the frames, and the last frame of each file: a full folder takes a moment, not a
 * minute.
 * @param sampleRate Hz; positions of sound at another rate are converted
 * @throws what the file system throws when the folder cannot be read
 */
export function lookThrough(folder: string, sampleRate: number): Found {
  const names = orIfMissing(() => readdirSync(folder), []).filter((name) => name.endsWith(soundSuffix));
  const { all, unreadable } = readAll(
    names.map((name) => path.join(folder, name)),
    sampleRate,
  );
  const note = newestNote(orIfMissing(() => readFileSync(notePath(folder)), Buffer.alloc(0)));
  const stored = withoutOverlaps(all, sampleRate);
  const progress = note === null ? beginningOf(stored) : atRate(note, sampleRate);
  const files = stored.filter((file) => progress !== null && file.to > progress.settled);
  const done = all.map((file) => file.path).filter((file) => !files.some((each) => each.path === file));
  if (progress === null || files.length === 0) {
    // Positions begin at 0 again: an old note would take new sound for settled.
    const leftOver = remove([...done, notePath(folder)]) ?? unreadable;
    return { files: [], resumed: null, noteNumber: 0, leftOver };
  }
  const blocks = files.flatMap((file) => file.blocks).filter((block) => block.to > progress.settled);
  const leftOver = remove(done) ?? unreadable;
  return { files, resumed: { progress, blocks }, noteNumber: note?.number ?? 0, leftOver };
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

/** What is in the files that can be read, and why one cannot; null: all can. */
function readAll(
  files: readonly string[],
  sampleRate: number,
): { readonly all: Stored[]; readonly unreadable: unknown } {
  const all: Stored[] = [];
  let unreadable: unknown = null;
  for (const file of files) {
    try {
      all.push(readStored(file, sampleRate));
    } catch (error) {
      unreadable = error;
    }
  }
  return { all, unreadable };
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

function orIfMissing<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (isMissing(error)) return otherwise;
    throw error;
  }
}
