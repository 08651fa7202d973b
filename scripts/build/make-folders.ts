import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import path from "node:path";

/** Makes a folder and those above it. One at a time: a recursive mkdir below one that cannot have any, as /proc, never ends. */
export function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(path.dirname(path.resolve(folder)));
  mkdirSync(folder);
}

/** Why a file cannot be put into the folder, which is made where it is not there; null: it can. */
export function whyNotInto(folder: string): string | null {
  try {
    makeFolders(folder);
    // With the slash, a file is no folder.
    accessSync(`${folder}/`, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return `${folder} cannot be written to: ${error instanceof Error ? error.message : String(error)}`;
  }
}
