import { closeSync, openSync, readSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { atMost, type Clock } from "../base/clock.ts";
import { diskFault, diskPatienceMs, isMissing } from "../base/disk-fault.ts";
import type { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { replaceFile } from "../base/replace-file.ts";
import { syncFolder } from "../base/sync-folder.ts";

/** A switch that stays as it is over restarts and power cuts: it is on as long as a file is there, which says who turned it on. */
export interface Latch extends Disposable {
  readonly on: boolean;
  /** Who turned it on; empty: it is off, or that cannot be told. */
  readonly by: string;
  readonly path: string;
  /**
   * On or off from now on. @returns whether the disk has it. If it cannot, or does not answer within 2 s, it holds for this
   * run, and is tried again until the disk takes it.
   */
  set(on: boolean, by: string): Promise<boolean>;
  /** The disk has the last word. */
  readonly lasting: boolean;
  /** Resolves when the disk has the last word, or cannot. */
  readonly kept: Promise<unknown>;
}

const longestWord = 32;

/** What the disk has not taken is tried again after this. */
const retryMs = 30_000;
/** A disk that takes longer for it than this is not waited for. */
const keepingMs = 1_000;

/** Nobody sets them any more: resolves when the disk has their last words, or has had its time. */
export async function lastWords(latches: readonly Latch[], clock: Clock): Promise<void> {
  await atMost(clock, keepingMs, Promise.all(latches.map(({ kept }) => kept)));
}

/** What was said last, and whether the disk has it: nothing of it was heard yet, it was told that it cannot, it does. */
interface Word {
  readonly by: string | null;
  disk: "asked" | "refuses" | "has";
}

/**
 * @param path the file. Where it cannot be told whether it is there, it counts as there: rather deaf than listening
 *   against someone's will
 * @param onDisk the disk does not take a word, once for each, and why; null: it has one
 */
export function openLatch(path: string, clock: Clock, logger: Logger, onDisk: (fault: Fault | null) => void): Latch {
  let word: Word = { by: whoIsIn(path), disk: "has" };
  let latest: Promise<unknown> = Promise.resolve();
  let retry: Disposable | null = null;
  const closed = new AbortController();

  async function keep(said: Word): Promise<boolean> {
    try {
      if (said.by === null) await remove(path);
      else await replaceFile(path, `${said.by}\n`);
      said.disk = "has";
      onDisk(null);
      return true;
    } catch (error) {
      refused(said, error);
      retry?.[Symbol.dispose]();
      if (!closed.signal.aborted) retry = clock.after(retryMs, () => void keepNext());
      return false;
    }
  }

  /** One after the other: the last word is what stays. */
  function keepNext(): Promise<boolean> {
    retry?.[Symbol.dispose]();
    const said = word;
    const kept = latest.then(() => keep(said));
    latest = kept;
    return kept;
  }

  function refused(said: Word, error: unknown): void {
    if (said.disk === "refuses") return;
    said.disk = "refuses";
    const forgotten = `the device is ${said.by === null ? "not " : ""}${basename(path)}`;
    const fault = diskFault(`the disk does not take that ${forgotten}, and a restart would forget it`, error);
    logger.error(fault.message, { path, hint: fault.hint });
    onDisk(fault);
  }

  return {
    path,
    get on() {
      return word.by !== null;
    },
    get by() {
      return word.by ?? "";
    },
    get lasting() {
      return word.disk === "has";
    },
    get kept() {
      return latest;
    },
    async set(on, by) {
      const said: Word = { by: on ? by : null, disk: "asked" };
      word = said;
      const kept = await atMost(clock, diskPatienceMs, keepNext());
      if (kept === null) refused(said, new Error(`the disk has not answered for ${diskPatienceMs / 1000} s`));
      return kept === true;
    },
    [Symbol.dispose]() {
      closed.abort();
      retry?.[Symbol.dispose]();
    },
  };
}

/** It stays away over a power cut, too. */
async function remove(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path)).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** The word in the file; null: there is none. */
function whoIsIn(path: string): string | null {
  try {
    const descriptor = openSync(path, "r");
    const bytes = Buffer.alloc(longestWord);
    try {
      return bytes.toString("latin1", 0, readSync(descriptor, bytes)).trim();
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return isMissing(error) ? null : "";
  }
}
