import { mkdir } from "node:fs/promises";
import path from "node:path";

/** Makes the folder, and the one above, where they are not there. What goes wrong shows when they are used. */
export async function makeFolder(folder: string): Promise<void> {
  // One level at a time: a recursive mkdir below a folder that cannot have any never settles in Node 24.
  await mkdir(path.dirname(folder)).catch(() => {});
  await mkdir(folder, { mode: 0o700 }).catch(() => {});
}
