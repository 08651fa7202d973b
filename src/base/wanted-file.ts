import { access, constants, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorName, meaningOf } from "./disk-fault.ts";
import { Fault, printable } from "./fault.ts";

/** Where it means something else for a file that is asked for than for a folder of our own. */
const ownWords: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  EISDIR: "it is a folder",
};

const hint = "Name a file in a folder that exists, and that this user may write to.";

/** Why a file that a person asked for cannot be written, from what the file system has thrown: `file-unwritable`. */
export function unwritableFile(file: string, error: unknown): Fault {
  const name = errorName(error);
  const why = ownWords[name] ?? meaningOf(name) ?? printable(error instanceof Error ? error.message : String(error));
  return new Fault("file-unwritable", `${printable(file)} cannot be written: ${why}`, { hint, cause: error });
}

/**
 * For before the work whose result the file is to hold.
 * @param beginning what such a file begins with: one that begins otherwise is another's, such as the configuration
 * @throws {Fault} `file-unwritable`
 */
export async function assertWritable(file: string, beginning: string): Promise<void> {
  try {
    const there = await stat(file).catch(() => null);
    if (there?.isDirectory() === true) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    await access(dirname(file), constants.W_OK | constants.X_OK);
    if (there?.isFile() !== true || there.size === 0) return;
    if ((await beginningOf(file, beginning.length)) === beginning) return;
  } catch (error) {
    throw unwritableFile(file, error);
  }
  throw new Fault("file-unwritable", `${printable(file)} is there already, and is something else`, {
    hint: "Name another file, or delete this one first.",
  });
}

async function beginningOf(file: string, length: number): Promise<string> {
  await using handle = await open(file);
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
  return buffer.toString("latin1", 0, bytesRead);
}
