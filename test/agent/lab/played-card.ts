import * as fs from "node:fs";
import type { ManualClock } from "../../lab/manual-clock.ts";

// Takes the place of node:fs/promises below the agent's files: the same folder and the same files, but each operation
// takes the time that the test says, by the test's clock, and none is done by an agent that was killed.

/** The memory card as one run of the agent sees it: below a folder of that run's own name. */
export interface Card {
  readonly clock: ManualClock;
  /** Of each operation on what is no sound. */
  readonly delayMs: number;
  /** Nothing is done any more, and nothing is answered. */
  dead: boolean;
  /** Told of what is written into files of sound. */
  readonly onSound: (bytes: Buffer) => void;
}

/** By the name of the folder: life-1, life-2 ... */
export const cards = new Map<string, Card>();

const never = new Promise<never>(() => {});

async function operate<T>(path: string, effect: (card: Card) => T): Promise<T> {
  const card = cards.get(/life-\d+/.exec(path)?.[0] ?? "");
  if (card === undefined) throw new Error(`no card for ${path}`);
  if (card.dead) return never;
  if (card.delayMs > 0 && !path.includes("/audio")) {
    await new Promise<void>((resolve) => void card.clock.after(card.delayMs, resolve));
    // It may have been killed meanwhile.
    if (isDead(card)) return never;
  }
  return effect(card);
}

function isDead({ dead }: Card): boolean {
  return dead;
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
export const writeFile = (path: string, text: string) => operate(path, () => fs.writeFileSync(path, text));
/** @public by its name */
export const appendFile = (path: string, text: string) => operate(path, () => fs.appendFileSync(path, text));
/** @public by its name */
export const readFile = (path: string) => operate(path, () => fs.readFileSync(path));

/** @public by its name */
export const open = (path: string, flags: string, mode?: number) =>
  operate(path, () => {
    const file = fs.openSync(path, flags, mode);
    const sync = () => operate(path, () => {});
    const close = () => operate(path, () => fs.closeSync(file));
    const write = (bytes: Buffer, from: number, length: number, at: number) =>
      operate(path, ({ onSound }) => {
        if (path.endsWith(".sound")) onSound(bytes);
        return { bytesWritten: fs.writeSync(file, bytes, from, length, at) };
      });
    return { sync, datasync: sync, close, write, [Symbol.asyncDispose]: close };
  });
