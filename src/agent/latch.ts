import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { atMost, type Clock } from "../base/clock.ts";
import { diskPatienceMs } from "../base/disk-fault.ts";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";

/** A switch that stays as it is over restarts and power cuts: it is on as long as a file is there. */
export interface Latch {
  readonly on: boolean;
  readonly path: string;
  /**
   * On or off from now on. Resolves when the disk has it, or cannot, or does not answer within 2 s (which is logged): then
   * it holds for this run, and over a restart only if the disk takes it after all.
   */
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
  clock: Clock,
  logger: Logger,
): Latch {
  let on = isThere(path);
  let latest: Promise<unknown> = Promise.resolve();

  async function keep(now: boolean): Promise<"over"> {
    try {
      await (now ? write(path, `${basename(path)}\n`) : rm(path, { force: true }));
    } catch (error) {
      complain(now, toFault(error).message);
    }
    return "over";
  }

  function complain(now: boolean, reason: string): void {
    logger.error("the disk cannot keep whether the microphone is to be heard after a restart", {
      path,
      on: now,
      reason,
    });
  }

  return {
    path,
    get on() {
      return on;
    },
    async set(now) {
      on = now;
      // One after the other: the last word is what stays.
      const kept = latest.then(() => keep(now));
      latest = kept;
      if ((await atMost(clock, diskPatienceMs, kept)) === null) complain(now, "it has not answered for 2 s");
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
