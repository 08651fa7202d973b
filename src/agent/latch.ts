import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";

/** A switch that stays as it is over restarts and power cuts: it is on as long as a file is there. */
export interface Latch {
  readonly on: boolean;
  readonly path: string;
  /** Resolves when the disk has it, or cannot (which is logged): then it holds for this run. */
  set(on: boolean): Promise<void>;
}

/**
 * @param path the file. Where it cannot be told whether it is there, it counts as there: rather deaf than listening
 *   against someone's will
 * @param write replaces a file as a whole
 */
export function openLatch(
  path: string,
  write: (path: string, content: string) => Promise<void>,
  logger: Logger,
): Latch {
  let on = isThere(path);
  let latest: Promise<void> = Promise.resolve();

  async function keep(now: boolean): Promise<void> {
    try {
      await (now ? write(path, `${basename(path)}\n`) : rm(path, { force: true }));
    } catch (error) {
      const reason = toFault(error).message;
      logger.error("the disk cannot keep whether the microphone is to be heard after a restart", {
        path,
        on: now,
        reason,
      });
    }
  }

  return {
    path,
    get on() {
      return on;
    },
    set(now) {
      on = now;
      // One after the other: the last word is what stays.
      latest = latest.then(() => keep(now));
      return latest;
    },
  };
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ENOTDIR");
  }
}
