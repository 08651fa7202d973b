import { open } from "node:fs/promises";

/** What is in the folder now, by name, is there after a power cut. @throws what the file system throws */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
