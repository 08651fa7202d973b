import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errorName } from "../base/disk-fault.ts";
import type { ProblemCode } from "./problems.ts";

export type TextFile =
  | { readonly text: string /** As `stat` gives it. */; readonly mode: number }
  | {
      readonly code: ProblemCode;
      /** Goes on from the file's name: "is a folder". */
      readonly why: string;
      /** There is nothing of that name. */
      readonly missing: boolean;
    };

/**
 * Reads a UTF-8 text of bounded size. Never throws.
 * @param wait whether to wait for the writer of a pipe; if not, a pipe without one is empty
 */
export async function readTextFile(file: string, mostBytes: number, wait: boolean): Promise<TextFile> {
  const invalid = (why: string): TextFile => ({ code: "config-invalid", why, missing: false });
  let content: { readonly bytes: Buffer; readonly mode: number };
  try {
    content = await readBounded(file, mostBytes + 1, wait);
  } catch (error) {
    return unreadable(error);
  }
  if (content.bytes.length > mostBytes) return invalid(`is larger than ${mostBytes} bytes`);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(content.bytes), mode: content.mode };
  } catch {
    return invalid("is not UTF-8 text");
  }
}

async function readBounded(file: string, most: number, wait: boolean) {
  await using handle = await open(file, constants.O_RDONLY | (wait ? 0 : constants.O_NONBLOCK));
  const { mode } = await handle.stat();
  const buffer = Buffer.alloc(most);
  let length = 0;
  for (let read = -1; read !== 0 && length < most; ) {
    ({ bytesRead: read } = await handle.read(buffer, length, most - length, null));
    length += read;
  }
  return { bytes: buffer.subarray(0, length), mode };
}

function unreadable(error: unknown): TextFile {
  const name = errorName(error);
  const why = reasons[name];
  if (why === undefined)
    return { code: "disk-failed", why: `cannot be read: ${name || "an unknown error"}`, missing: false };
  return { code: "config-unreadable", why, missing: ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(name) };
}

/**
 * What stays as it is until a person mends it. Anything else may be gone a moment later: a bus that hiccups, memory
 * that ran out.
 */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "is in a folder that is none",
  ENAMETOOLONG: "has too long a name",
  ELOOP: "is a link to itself",
  EACCES: "may not be read by this user",
  EPERM: "may not be read by this user",
  EISDIR: "is a folder",
  ENXIO: "is a socket",
};
