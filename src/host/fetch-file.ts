import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Fault, printable } from "../base/fault.ts";
import { isLoopback } from "../base/loopback.ts";

/** A file by its path, or by its address: https, or http on loopback. */
export type Location = { readonly file: string } | { readonly url: URL };

/** What is not there after half an hour will not come. */
const patienceMs = 1_800_000;

/** @throws {Fault} `update-refused` for an address that is not encrypted */
export function locationOf(text: string): Location {
  if (!/^[a-z]+:\/\//i.test(text)) return { file: text };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname))) return { url };
  throw new Fault("update-refused", `${printable(text)} is no https:// address, and no file`);
}

/** The file of that name beside another one. */
export function beside(location: Location, name: string): Location {
  if ("url" in location) return { url: new URL(name, location.url) };
  return { file: location.file.replace(/[^/]*$/, "") + name };
}

/** A text, of at most so many bytes. @throws {Fault} `update-failed` */
export async function fetchText(location: Location, mostBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of bytesOf(location)) {
    size += bytes.length;
    if (size > mostBytes) throw new Fault("update-refused", `${nameOf(location)} is larger than ${mostBytes} bytes`);
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

/**
 * Writes a file that must have just this size and hash, and makes it executable. It is on the disk when this resolves.
 * @throws {Fault} `update-refused` where it is another one, `update-failed` where it cannot be had
 */
export async function fetchProgram(
  location: Location,
  to: string,
  wanted: { readonly size: number; readonly sha256: string },
): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  await using file = await open(to, "wx", 0o755);
  for await (const bytes of bytesOf(location)) {
    size += bytes.length;
    if (size > wanted.size) break;
    hash.update(bytes);
    await file.writeFile(bytes); // all of it: write() tells by a number only that the disk is full
  }
  if (size !== wanted.size || hash.digest("hex") !== wanted.sha256) {
    throw new Fault("update-refused", `${nameOf(location)} is not the file that the manifest vouches for`, {
      hint: "fetch it again; it may be cut off, or belong to another release",
    });
  }
  await file.chmod(0o755);
  await file.sync();
}

async function* bytesOf(location: Location): AsyncGenerator<Uint8Array> {
  try {
    if ("file" in location) yield* createReadStream(location.file);
    else yield* bodyOf(location.url);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason =
      error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
    throw new Fault("update-failed", `${nameOf(location)} cannot be had: ${printable(reason)}`, {
      hint:
        "file" in location
          ? "Check the name of the file, and that this user may read it."
          : "Check the address, and that this device reaches it.",
      cause: error,
    });
  }
}

async function* bodyOf(url: URL): AsyncGenerator<Uint8Array> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
  if (!answer.ok || answer.body === null) throw new Error(`the server answers ${answer.status}`);
  yield* answer.body;
}

function nameOf(location: Location): string {
  return printable("url" in location ? `${location.url.origin}${location.url.pathname}` : location.file);
}
