import { mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

// One level at a time: a recursive mkdir below a folder that cannot have any, as /proc, never settles in Node 24.

/** Only the agent's user looks in. */
const usualMode = 0o700;

/**
 * Makes the folder, and the one above, where they are not there.
 * @param mode of what is made
 * @throws what the file system throws
 */
export async function makeFolder(folder: string, mode = usualMode): Promise<void> {
  await mkdir(dirname(folder), { mode }).catch(unlessThere);
  await mkdir(folder, { mode }).catch(unlessThere);
}

/** Like `makeFolder`, at once. */
export function makeFolderSync(folder: string): void {
  for (const each of [dirname(folder), folder]) {
    try {
      mkdirSync(each, { mode: usualMode });
    } catch (error) {
      unlessThere(error);
    }
  }
}

function unlessThere(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
}
