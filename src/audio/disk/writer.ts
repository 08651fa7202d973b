import { type FileHandle, open, rm } from "node:fs/promises";
import path from "node:path";
import { makeFolder } from "../../base/make-folder.ts";
import { syncFolder } from "../../base/sync-folder.ts";
import type { Position } from "../timeline.ts";
import { soundSuffix } from "./folder.ts";

/** A file is not longer than this: what it holds is deleted as a whole, when the service has dealt with all of it. */
const mostFileMs = 10_000;

/** Sound of one stream, in the bytes that are written. */
export interface Frame {
  readonly stream: string;
  readonly from: Position;
  readonly to: Position;
  readonly bytes: Buffer;
}

/** A file of sound that is being written. */
export interface Growing {
  readonly path: string;
  readonly from: number;
  to: number;
  bytes: number;
}

interface Open {
  readonly handle: FileHandle;
  readonly growing: Growing;
  readonly stream: string;
}

/** Writes frames into files, a new one whenever sound does not follow on what was written before. */
export class Writer {
  readonly #folder: string;
  readonly #sampleRate: number;
  #files = 0;
  #file: Open | null = null;

  constructor(folder: string, sampleRate: number) {
    this.#folder = folder;
    this.#sampleRate = sampleRate;
  }

  /** The file that is being written, if there is one. */
  get growing(): Growing | null {
    return this.#file?.growing ?? null;
  }

  /** Writes a frame. @returns the file it is in; its `to` and `bytes` have grown @throws what the file system throws */
  async write(frame: Frame): Promise<Growing> {
    const { bytes } = frame;
    const follows =
      this.#file !== null &&
      this.#file.growing.to === frame.from &&
      this.#file.stream === frame.stream &&
      frame.from - this.#file.growing.from < (mostFileMs * this.#sampleRate) / 1000;
    if (!follows) await this.close();
    const file = this.#file ?? (await this.#begin(frame));
    const { handle, growing } = file;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, growing.bytes + done);
      done += bytesWritten;
    }
    growing.bytes += bytes.length;
    growing.to = frame.to;
    return growing;
  }

  /** What was written to the growing file survives a power cut from now on. @throws what the file system throws */
  async sync(): Promise<void> {
    await this.#file?.handle.datasync();
  }

  /** What follows goes into a new file. A file without a single whole frame is removed. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    await file.handle.close().catch(() => {});
    if (file.growing.bytes === 0) await rm(file.growing.path, { force: true }).catch(() => {});
  }

  async #begin(frame: Frame): Promise<Open> {
    await makeFolder(this.#folder);
    this.#files += 1;
    const name = `${String(frame.from).padStart(12, "0")}-${frame.stream}-${this.#files}${soundSuffix}`;
    const file = path.join(this.#folder, name.replaceAll("/", "_"));
    const handle = await open(file, "wx", 0o600);
    const begun = {
      handle,
      stream: frame.stream,
      growing: { path: file, from: frame.from, to: frame.from, bytes: 0 },
    };
    this.#file = begun;
    await syncFolder(this.#folder);
    return begun;
  }
}
