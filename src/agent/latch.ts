import { closeSync, openSync, readSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { atMost, type Clock } from "../base/clock.ts";
import { diskPatienceMs, isMissing } from "../base/disk-fault.ts";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { replaceFile } from "../base/replace-file.ts";
import { syncFolder } from "../base/sync-folder.ts";

/** A switch that stays as it is over restarts and power cuts: it is on as long as a file is there, which says who turned it on. */
export interface Latch {
  readonly on: boolean;
  /** Who turned it on; empty: it is off, or that cannot be told. */
  readonly by: string;
  readonly path: string;
  /**
   * On or off from now on. Resolves when the disk has it, or cannot, or does not answer within 2 s (which is logged): then
   * it holds for this run, and over a restart only if the disk takes it after all.
   */
  set(on: boolean, by: string): Promise<void>;
  /** Resolves when the disk has the last word, or cannot. */
  readonly kept: Promise<unknown>;
}

const longestWord = 32;

/** A disk that takes longer for it than this is not waited for. */
const keepingMs = 1_000;

/** Nobody sets them any more: resolves when the disk has their last words, or has had its time. */
export async function lastWords(latches: readonly Latch[], clock: Clock): Promise<void> {
  await atMost(clock, keepingMs, Promise.all(latches.map(({ kept }) => kept)));
}

/**
 * @param path the file. Where it cannot be told whether it is there, it counts as there: rather deaf than listening
 *   against someone's will
 */
export function openLatch(path: string, clock: Clock, logger: Logger): Latch {
  let by = whoIsIn(path);
  let latest: Promise<unknown> = Promise.resolve();

  async function keep(who: string | null): Promise<"over"> {
    try {
      if (who === null) await remove(path);
      else await replaceFile(path, `${who}\n`);
    } catch (error) {
      complain(who, toFault(error).message);
    }
    return "over";
  }

  function complain(who: string | null, reason: string): void {
    const message = "the disk cannot keep whether the microphone is to be heard after a restart";
    logger.error(message, { path, on: who !== null, reason });
  }

  return {
    path,
    get on() {
      return by !== null;
    },
    get by() {
      return by ?? "";
    },
    get kept() {
      return latest;
    },
    async set(on, who) {
      const said = on ? who : null;
      by = said;
      // One after the other: the last word is what stays.
      const kept = latest.then(() => keep(said));
      latest = kept;
      if ((await atMost(clock, diskPatienceMs, kept)) === null)
        complain(said, `it has not answered for ${diskPatienceMs / 1000} s`);
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
