import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";

/** Makes a folder and those above it. One at a time: a recursive mkdir below one that cannot have any, as /proc, never ends. */
export function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(path.dirname(path.resolve(folder)));
  mkdirSync(folder);
}
