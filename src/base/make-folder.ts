import { mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errorName } from "./disk-fault.ts";
import { syncFolder } from "./sync-folder.ts";

// One level at a time: a recursive mkdir below a folder that cannot have any, as /proc, never settles in Node 24.

/** Only the agent's user looks in. */
const usualMode = 0o700;

/**
 * Makes the folder, and the one above, where they are not there. What is made survives a power cut, wherever the folder above
 * can be read.
 * @param mode of what is made
 * @throws what the file system throws
 */
export async function makeFolder(folder: string, mode = usualMode): Promise<void> {
  await makeOneFolder(dirname(folder), mode);
  await makeOneFolder(folder, mode);
}

/** Like `makeFolder`, but not the one above. */
export async function makeOneFolder(folder: string, mode = usualMode): Promise<void> {
  const made = await mkdir(folder, { mode }).then(() => true, unlessThere);
  if (made) await syncFolder(dirname(folder)).catch(() => {});
}

/** Like `makeFolder`, at once; nothing is synced. */
export function makeFolderSync(folder: string): void {
  for (const each of [dirname(folder), folder]) {
    try {
      mkdirSync(each, { mode: usualMode });
    } catch (error) {
      unlessThere(error);
    }
  }
}

function unlessThere(error: unknown): false {
  if (errorName(error) === "EEXIST") return false;
  throw error;
}
