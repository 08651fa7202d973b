import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { type Clock, pause } from "../base/clock.ts";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";

/** A switch that stays as it is over restarts and power cuts: it is on as long as a file is there. */
export interface Latch {
  readonly on: boolean;
  readonly path: string;
  /** Resolves when the disk has it, or cannot (which is logged): then it holds for this run. */
  set(on: boolean): Promise<void>;
  /** Resolves when the disk has the last word, or cannot. */
  readonly kept: Promise<void>;
}

/** A disk that takes longer for it than this is not waited for. */
const keepingMs = 1_000;

/** Nobody sets them any more: resolves when the disk has their last words, or has had its time. */
export async function lastWords(latches: readonly Latch[], clock: Clock): Promise<void> {
  const over = new AbortController();
  await Promise.race([Promise.all(latches.map(({ kept }) => kept)), pause(clock, keepingMs, over.signal)]);
  over.abort();
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
    get kept() {
      return latest;
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
