import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { readInt16 } from "../audio/pcm.ts";
import { isMissing } from "../base/disk-fault.ts";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { makeFolder } from "../base/make-folder.ts";
import type { RttsConfig } from "../sis/rtts.ts";

/** A file: this, the CRC-32 of the rest, the samples (16 bit, little-endian). */
const magic = Buffer.from("SISSAY1\n", "latin1");
const headerBytes = magic.length + 4;
const suffix = ".speech";
/** Reads and writes that wait for a disk that hangs: more are let go. */
const mostWaiting = 8;

/** The name under which a text's sound is kept: it tells nothing of the text. */
export function cacheKey(text: string, config: RttsConfig): string {
  const { audioFormat, sampleRate, property, speed, pitch, volume } = config;
  const facts = [text, audioFormat, sampleRate, property ?? null, speed ?? null, pitch ?? null, volume ?? null];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}

/**
 * Sound of texts that must be heard without a network, on disk: bounded, what was used longest ago goes first. A file is
 * whole or not there; only the agent's user may read it. What goes wrong is logged, and costs no more than the network.
 */
export class SpeechCache {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #logger: Logger;
  #latest: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(folder: string, mostBytes: number, logger: Logger) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
    this.#logger = logger;
  }

  /** What is being written is waited for, for as long as the disk takes. null: it is not there. Never rejects. */
  read(key: string): Promise<Int16Array | null> {
    return this.#inTurn(() => this.#read(key));
  }

  /** Keeps the sound, and lets go of what is too much. Resolves when that is done. Never rejects. */
  async write(key: string, pieces: readonly Int16Array[]): Promise<void> {
    const sound = Buffer.concat(pieces.map((piece) => Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)));
    await this.#inTurn(() => this.#write(key, sound).catch((error: unknown) => this.#complain("written", error)));
  }

  /** One after the other: each looks at what the others have left, and a disk that hangs holds up one of them. */
  #inTurn<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#waiting >= mostWaiting) {
      this.#complain("used", new Error("the disk does not answer"));
      return Promise.resolve(null);
    }
    this.#waiting += 1;
    const done = this.#latest.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#latest = done;
    return done;
  }

  async #read(key: string): Promise<Int16Array | null> {
    const file = this.#fileOf(key);
    try {
      const content = await readFile(file);
      const sound = content.subarray(headerBytes);
      const whole =
        content.length > headerBytes &&
        sound.length % 2 === 0 &&
        content.subarray(0, magic.length).equals(magic) &&
        content.readUInt32LE(magic.length) === crc32(sound);
      if (!whole) {
        this.#logger.warn("a piece of kept speech is damaged: it is fetched again", { file });
        await rm(file, { force: true });
        return null;
      }
      const now = new Date();
      await utimes(file, now, now).catch(() => {});
      return readInt16(sound);
    } catch (error) {
      if (!isMissing(error)) this.#complain("read", error);
      return null;
    }
  }

  async #write(key: string, sound: Buffer): Promise<void> {
    const bytes = headerBytes + sound.length;
    if (bytes > this.#mostBytes) return;
    await makeFolder(this.#folder);
    await this.#makeRoom(bytes, `${key}${suffix}`);
    const header = Buffer.alloc(headerBytes);
    magic.copy(header);
    header.writeUInt32LE(crc32(sound), magic.length);
    const draft = join(this.#folder, `${randomUUID()}.draft`);
    try {
      await writeFile(draft, Buffer.concat([header, sound]), { mode: 0o600, flush: true });
      await rename(draft, this.#fileOf(key));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** Drafts of a run that was killed are nobody's, and go as well. */
  async #makeRoom(bytes: number, replaced: string): Promise<void> {
    const kept: { readonly file: string; readonly bytes: number; readonly usedMs: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      const file = join(this.#folder, name);
      if (name.endsWith(".draft")) await rm(file, { force: true });
      else if (name.endsWith(suffix) && name !== replaced) {
        const { size, mtimeMs } = await stat(file);
        kept.push({ file, bytes: size, usedMs: mtimeMs });
      }
    }
    let total = kept.reduce((sum, each) => sum + each.bytes, bytes);
    for (const each of kept.toSorted((a, b) => a.usedMs - b.usedMs)) {
      if (total <= this.#mostBytes) return;
      await rm(each.file, { force: true });
      total -= each.bytes;
    }
  }

  #fileOf(key: string): string {
    return join(this.#folder, `${key}${suffix}`);
  }

  #complain(what: string, error: unknown): void {
    this.#logger.warn(`kept speech cannot be ${what}`, { folder: this.#folder, error: toFault(error).message });
  }
}
