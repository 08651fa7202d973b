import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { syncFolder } from "./sync-folder.ts";

/**
 * Replaces a file as a whole: whenever the power is cut, there is the old content or the new, never a part of it.
 * Readable by its owner alone. Its folder, and the folder above, are made where they are missing.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  const fresh = `${path}.new`;
  try {
    await writeFile(fresh, content, { mode: 0o600, flush: true });
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}
