import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../../base/make-folder.ts";
import { syncFolder } from "../../base/sync-folder.ts";
import type { Progress } from "../store.ts";
import { notePath } from "./folder.ts";
import { encodeNote, slotOf } from "./note.ts";

/** The file that says how far the service has dealt with the log. */
export class NoteFile {
  readonly #path: string;
  readonly #sampleRate: number;
  #number: number;
  #handle: FileHandle | null = null;
  #synced = true;

  /** @param number of the last note in it */
  constructor(folder: string, sampleRate: number, number: number) {
    this.#path = notePath(folder);
    this.#sampleRate = sampleRate;
    this.#number = number;
  }

  /** @throws what the file system throws */
  async write(progress: Progress): Promise<void> {
    this.#handle ??= await openOrCreate(this.#path);
    const note = { ...progress, number: this.#number + 1, sampleRate: this.#sampleRate };
    const slot = encodeNote(note);
    this.#synced = false;
    await this.#handle.write(slot, 0, slot.length, slotOf(note));
    // Only now: after a write that failed halfway, the next goes into the same slot, and the other stays whole.
    this.#number = note.number;
  }

  /** @throws what the file system throws */
  async sync(): Promise<void> {
    if (this.#synced) return;
    await this.#handle?.datasync();
    this.#synced = true;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {});
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch {
    await makeFolder(dirname(path));
    const handle = await open(path, "wx", 0o600);
    await syncFolder(dirname(path));
    return handle;
  }
}
