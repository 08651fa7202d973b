import { closeSync, openSync, readSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Silencer } from "../audio/source.ts";
import { backgroundWriter, type DiskListener } from "../base/background-writer.ts";
import { atMost, type Clock } from "../base/clock.ts";
import { diskFault, diskPatienceMs, isMissing } from "../base/disk-fault.ts";
import { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { replaceFile } from "../base/replace-file.ts";
import { syncFolder } from "../base/sync-folder.ts";

/**
 * A switch that stays as it is over restarts and power cuts: it is on as long as a file is there, which says who turned
 * it on.
 */
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
  flush(): Promise<void>;
}

/** What the device is, and the file in `state_dir` that says so: it listens while neither is there. */
export const latchNames = { mute: "muted", stop: "stopped" } as const satisfies Record<Silencer, string>;

/** Whether the microphone is not to be heard, for one who is not the agent; null: it may be. */
export function silencedIn(stateDir: string): "muted" | "stopped" | null {
  return Object.values(latchNames).find((name) => whoIsIn(join(stateDir, name)) !== null) ?? null;
}

const longestWord = 32;

/** A disk that takes longer for it than this is not waited for. */
const keepingMs = 1_000;

/** Nobody sets them any more: resolves when the disk has their last words, or has had its time. */
export async function lastWords(latches: readonly Latch[], clock: Clock): Promise<void> {
  await atMost(clock, keepingMs, Promise.all(latches.map((latch) => latch.flush())));
}

/**
 * @param path the file. Where it cannot be told whether it is there, it counts as there: rather deaf than listening
 *   against someone's will
 * @param onDisk told how each try went: why the disk does not take the word; null: it has
 */
export function openLatch(path: string, clock: Clock, logger: Logger, onDisk: DiskListener): Latch {
  let by = whoIsIn(path);
  /** What the disk has; undefined: that is not known. */
  let kept: string | null | undefined = by;
  let failing: Fault | null = null;

  const writer = backgroundWriter({
    path,
    delayMs: 0,
    clock,
    onDisk: tell,
    async write() {
      const said = by;
      kept = undefined;
      if (said === null) await remove(path);
      else await replaceFile(path, `${said}\n`);
      kept = said;
    },
  });

  function tell(fault: Fault | null): void {
    const before = failing;
    failing = fault && forgetful(path, fault);
    onDisk(failing);
    if (failing !== null && before?.code !== failing.code)
      logger.error(failing.message, { path, code: failing.code, hint: failing.hint });
  }

  return {
    path,
    get on() {
      return by !== null;
    },
    get by() {
      return by ?? "";
    },
    get lasting() {
      return kept === by;
    },
    async set(on, who) {
      by = on ? who : null;
      writer.request();
      const answered = await atMost(clock, diskPatienceMs, writer.flush());
      if (answered === null)
        tell(diskFault(`${path} cannot be written`, new Error(`no answer for ${diskPatienceMs / 1000} s`)));
      return failing === null;
    },
    flush: () => writer.flush(),
    [Symbol.dispose]: () => writer.close(),
  };
}

/** A fault of the disk, in the words of what it means here. */
function forgetful(path: string, { code, message, hint }: Fault): Fault {
  const what = `the disk does not take whether the device is ${basename(path)}, and a restart may not know it`;
  return new Fault(code, `${what}: ${message}`, { hint });
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
