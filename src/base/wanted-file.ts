import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault, printable } from "./fault.ts";

const words: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "a file is where a folder should be",
  EISDIR: "it is a folder",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the disk is mounted read-only",
  ENOSPC: "there is no space left",
};

const hint = "Name a file in a folder that exists, and that this user may write to.";

/** Why a file that a person asked for cannot be written, from what the file system has thrown: `file-unwritable`. */
export function unwritableFile(file: string, error: unknown): Fault {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const why = words[code] ?? printable(error instanceof Error ? error.message : code);
  return new Fault("file-unwritable", `${printable(file)} cannot be written: ${why}`, { hint, cause: error });
}

/** For before the work whose result the file is to hold. @throws {Fault} `file-unwritable` */
export async function assertWritable(file: string): Promise<void> {
  try {
    const there = await stat(file).catch(() => null);
    if (there?.isDirectory() === true) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    await access(dirname(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritableFile(file, error);
  }
}
