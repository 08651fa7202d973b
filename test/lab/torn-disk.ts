import * as fs from "node:fs";
import { dirname, join } from "node:path";
import type { Random } from "../../src/base/random.ts";

/** Nothing is done any more: the power is gone, or the process. */
class Gone extends Error {}

/** What befalls the disk at one of the operations from now on, counted from 1. */
export interface Trap {
  readonly at: number;
  /**
   * `cut`, `kill`: nothing is done from then on; of what was being done, a cut may leave a part, a kill nothing.
   * `full`, `no-names`: from then on no content, or nothing new, finds a place; what is being written is written by half.
   */
  readonly what: "cut" | "kill" | "full" | "no-names" | { readonly meanwhile: () => Promise<void> };
}

/** One change. `of`: the folder (for names) or the file (for its content) that must be synced for it to last. */
interface Change {
  readonly of: string;
  /** @param part 1: whole; less: torn */
  readonly apply: (part: number) => void;
  lasts: boolean;
}

/**
 * A real folder whose changes last over a power cut only when they were synced: of the others any may be there, torn or
 * missing. Names are synced with their folder, content with its file.
 */
export class TornDisk implements Disposable {
  readonly root: string;
  readonly #changed: () => void;
  #log: Change[] = [];
  #operations = 0;
  #trap: Trap | null = null;
  #state: "well" | "full" | "no-names" | "cut" | "kill" = "well";
  #serial = 0;

  /** @param changed is told of every change, and may look at the folder */
  constructor(root: string, changed: () => void) {
    this.root = root;
    this.#changed = changed;
    mounted.push(this);
  }

  get gone(): boolean {
    return this.#state === "cut" || this.#state === "kill";
  }

  set(trap: Trap | null): void {
    this.#operations = 0;
    this.#trap = trap;
    this.#state = "well";
  }

  /** An operation that changes nothing, but takes its time: the trap may snap. */
  async pass(): Promise<void> {
    if (this.gone) throw new Gone();
    this.#operations += 1;
    const trap = this.#trap;
    if (trap === null || this.#operations !== trap.at) return;
    this.#trap = null;
    if (typeof trap.what === "string") this.#state = trap.what;
    else await trap.what.meanwhile();
  }

  /** @param needs what must be left on the disk */
  async change(of: string, apply: (part: number) => void, needs: "content" | "name" | null = null): Promise<void> {
    await this.pass();
    if (this.#state === (needs === "content" ? "full" : needs === "name" ? "no-names" : null)) throw noSpace();
    if (this.#state === "kill") throw new Gone();
    const change = { of, apply, lasts: false };
    this.#log.push(change);
    if (this.gone) throw new Gone();
    apply(1);
    this.#changed();
  }

  /** @returns how much was written: on a disk that is getting full less than all, and no error, as write(2) does */
  async write(file: string, bytes: Uint8Array): Promise<number> {
    if (this.#state === "full") throw noSpace();
    let written = bytes.length;
    await this.change(file, (part) => {
      if (this.#state === "full") written = Math.floor(bytes.length / 2);
      const handle = fs.openSync(file, "r+");
      fs.writeSync(handle, bytes, 0, Math.min(written, Math.floor(bytes.length * part)), fs.fstatSync(handle).size);
      fs.closeSync(handle);
    });
    return written;
  }

  async sync(of: string): Promise<void> {
    await this.pass();
    if (this.gone) throw new Gone();
    for (const change of this.#log) if (change.of === of) change.lasts = true;
  }

  freshName(prefix: string): string {
    this.#serial += 1;
    return `${prefix}${this.#serial}`;
  }

  /** What is found after the power has come back. @param share of the unsynced that is there all the same, 0 to 1 */
  comeBack(share: number, random: Random): void {
    const kept = this.#log.flatMap(({ of, apply, lasts }): Change[] => {
      if (!lasts && random() >= share) return [];
      const part = lasts || random() < 0.7 ? 1 : 0.5;
      return [{ of, apply: () => apply(part), lasts: true }];
    });
    for (const name of fs.readdirSync(this.root)) fs.rmSync(join(this.root, name), { recursive: true });
    this.#log = kept;
    for (const { apply } of kept) {
      try {
        apply(1);
      } catch {
        // What it was done to is lost.
      }
    }
    this.set(null);
  }

  [Symbol.dispose](): void {
    this.#state = "cut";
    mounted.splice(mounted.indexOf(this), 1);
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

function noSpace(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC", syscall: "write" });
}

const mounted: TornDisk[] = [];

export function diskOf(path: string): TornDisk {
  const disk = mounted.find(({ root }) => path.startsWith(root));
  if (disk === undefined) throw new Error(`no disk for ${path}`);
  return disk;
}

/** Renames even onto a folder that is not empty: its removal may be what was lost. */
export function renameOver(from: string, to: string): void {
  if (fs.lstatSync(from).isDirectory()) fs.rmSync(to, { recursive: true, force: true });
  fs.renameSync(from, to);
}

/** Torn, a folder is emptied, and still there. */
export function removeAll(path: string, part: number): void {
  if (part === 1 || !fs.lstatSync(path).isDirectory()) return fs.rmSync(path, { recursive: true, force: true });
  for (const name of fs.readdirSync(path)) fs.rmSync(join(path, name), { recursive: true });
}

export const folderOf = dirname;
