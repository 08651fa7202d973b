import { open } from "node:fs/promises";

/** That a file is in the folder survives a power cut from now on. @throws what the file system throws */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
