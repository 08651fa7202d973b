import * as fs from "node:fs";
import { putInPlace } from "./in-place-of.ts";
import { diskOf, folderOf, removeAll, renameOver } from "./torn-disk.ts";

// Takes the place of node:fs/promises below modules of the product: the same folder and the same files, by way of a torn disk.

/** To be called before the modules are imported. @param of the paths of those that are to use it */
export function useTornDisk(of: RegExp): void {
  putInPlace([{ of, specifier: "node:fs/promises", by: import.meta.url }], import.meta.url);
}

/** @public by its name */
export const mkdir = (path: string, options?: fs.MakeDirectoryOptions) =>
  diskOf(path).change(folderOf(path), () => void fs.mkdirSync(path, options), "name");

/** @public by its name */
export async function mkdtemp(prefix: string): Promise<string> {
  const path = diskOf(prefix).freshName(prefix);
  await diskOf(prefix).change(folderOf(path), () => fs.mkdirSync(path, { mode: 0o700 }), "name");
  return path;
}

/** @public by its name */
export const chmod = (path: string, mode: number) => diskOf(path).change(path, () => fs.chmodSync(path, mode));

/** @public by its name */
export const rename = (from: string, to: string) => diskOf(from).change(folderOf(from), () => renameOver(from, to));

/** @public by its name */
export const rm = (path: string) =>
  diskOf(path).change(folderOf(path), (part) => fs.existsSync(folderOf(path)) && removeAll(path, part));

/** @public by its name */
export const unlink = (path: string) => diskOf(path).change(folderOf(path), () => fs.unlinkSync(path));

/** @public by its name */
export const symlink = (target: string, path: string) =>
  diskOf(path).change(folderOf(path), () => fs.symlinkSync(target, path), "name");

/** @public by its name */
export async function readdir(path: string): Promise<string[]> {
  await diskOf(path).pass();
  return fs.readdirSync(path);
}

/** @public by its name */
export async function readlink(path: string): Promise<string> {
  await diskOf(path).pass();
  return fs.readlinkSync(path);
}

/** @public by its name */
export async function open(path: string, flags = "r", mode = 0o666) {
  const disk = diskOf(path);
  if (flags === "r") {
    await disk.pass();
    fs.closeSync(fs.openSync(path, "r"));
  } else await disk.change(folderOf(path), () => fs.closeSync(fs.openSync(path, flags, mode)), "name");
  return {
    write: async (bytes: Uint8Array) => ({ bytesWritten: await disk.write(path, bytes), buffer: bytes }),
    writeFile: async (bytes: Uint8Array) => {
      const written = await disk.write(path, bytes);
      if (written < bytes.length) await disk.write(path, bytes.subarray(written));
    },
    chmod: (to: number) => chmod(path, to),
    sync: () => disk.sync(path),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** @public by its name */
export async function writeFile(path: string, text: string, { mode = 0o666, flush = false } = {}): Promise<void> {
  await using file = await open(path, "w", mode);
  await file.writeFile(Buffer.from(text));
  if (flush) await file.sync();
}
