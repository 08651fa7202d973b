import * as fs from "node:fs";
import type { Clock } from "../../../src/base/clock.ts";

// Takes the place of node:fs/promises below the fleet's files: the same folder and the same files, but each operation
// takes the time that the test says, by the test's clock, and a power cut may come in the middle of it.

/** A disk as one run of the agent sees it: below a folder of that run's own name. */
export interface Disk {
  readonly clock: Clock;
  /** Of each operation. */
  delayMs: number;
  /** The power is cut instead of the operation after so many; null: it stays. */
  cutAfter: number | null;
  /** Nothing is done any more, and nothing is answered. */
  dead: boolean;
  readonly cut: () => void;
}

/** By the name of the folder: life-1, life-2 ... */
export const disks = new Map<string, Disk>();

const never = new Promise<never>(() => {});

/** @param torn what is left of it where the power is cut in the middle */
async function operate<T>(path: string, effect: () => T, torn: () => void = () => {}): Promise<T> {
  const disk = disks.get(/life-\d+/.exec(path)?.[0] ?? "");
  if (disk === undefined) throw new Error(`no disk for ${path}`);
  if (disk.dead) return never;
  if (disk.cutAfter !== null) {
    disk.cutAfter -= 1;
    if (disk.cutAfter < 0) {
      torn();
      disk.cut();
      return never;
    }
  }
  if (disk.delayMs > 0) {
    await new Promise<void>((resolve) => void disk.clock.after(disk.delayMs, resolve));
    if (disk.dead) return never;
  }
  return effect();
}

/** @public by its name */
export const mkdir = (path: string, options?: fs.MakeDirectoryOptions) =>
  operate(path, () => void fs.mkdirSync(path, options));
/** @public by its name */
export const rename = (from: string, to: string) => operate(from, () => fs.renameSync(from, to));
/** @public by its name */
export const rm = (path: string, options: fs.RmOptions) => operate(path, () => fs.rmSync(path, options));
/** @public by its name */
export const truncate = (path: string, length: number) => operate(path, () => fs.truncateSync(path, length));

/** @public by its name */
export const writeFile = (path: string, text: string) =>
  operate(
    path,
    () => fs.writeFileSync(path, text),
    () => fs.writeFileSync(path, text.slice(0, text.length / 2)),
  );
/** @public by its name */
export const appendFile = (path: string, text: string) =>
  operate(
    path,
    () => fs.appendFileSync(path, text),
    () => fs.appendFileSync(path, text.slice(0, text.length / 2)),
  );
/** @public by its name */
export const open = (path: string) =>
  operate(path, () => ({ sync: () => operate(path, () => {}), [Symbol.asyncDispose]: () => Promise.resolve() }));
