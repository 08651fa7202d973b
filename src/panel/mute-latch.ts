import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";

/** Remembers over restarts, and power cuts, that the microphone is muted: it is, as long as a file is there. */
export interface MuteLatch {
  readonly muted: boolean;
  readonly path: string;
  /** Resolves when the disk has it. @returns what the file system threw; null: nothing */
  set(muted: boolean): Promise<unknown>;
}

/**
 * @param path the file. Where it cannot be told whether it is there, it counts as there: rather deaf than listening
 *   against someone's will
 * @param write replaces a file as a whole
 */
export function openMuteLatch(path: string, write: (path: string, content: string) => Promise<void>): MuteLatch {
  let muted = isThere(path);
  let latest: Promise<unknown> = Promise.resolve();
  return {
    path,
    get muted() {
      return muted;
    },
    set(now) {
      muted = now;
      // One after the other: the last word is what stays.
      latest = latest
        .then(() => (now ? write(path, "muted\n") : rm(path, { force: true })))
        .then(
          () => null,
          (error: unknown) => error,
        );
      return latest;
    },
  };
}

/**
 * Mutes and unmutes capture itself, and has it remembered over restarts.
 * @param source stops capturing at once
 */
export function muteSwitch(
  source: { mute(muted: boolean): void },
  latch: MuteLatch,
  logger: Logger,
): (muted: boolean) => void {
  async function remember(muted: boolean): Promise<void> {
    const error = await latch.set(muted);
    if (error === null) return;
    logger.error("the disk cannot keep whether the microphone is muted", { muted, reason: toFault(error).message });
  }
  return (muted) => {
    source.mute(muted);
    void remember(muted);
  };
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ENOTDIR");
  }
}
