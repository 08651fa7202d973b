import { rename, rm, writeFile } from "node:fs/promises";
import { wavHeader } from "../audio/wav.ts";
import type { Fault } from "../base/fault.ts";
import { unwritableFile } from "../base/wanted-file.ts";
import type { Sink } from "./sink.ts";

/**
 * Writes speech into a WAV file, which is there when the text is whole, and not before. A piece that had to be begun again
 * is in it once.
 */
export function openWavFile(path: string, sampleRate: number): Sink {
  const pieces: Int16Array[] = [];
  const end = Promise.withResolvers<"whole" | "broken off">();
  return {
    roomMs: Number.POSITIVE_INFINITY,
    cushionMs: Number.POSITIVE_INFINITY,
    give: (samples) => void pieces.push(samples),
    finish: end.resolve,
    stop: () => end.resolve("broken off"),
    ended: end.promise.then((how) => (how === "whole" ? write(path, pieces, sampleRate) : null)),
  };
}

async function write(path: string, pieces: readonly Int16Array[], sampleRate: number): Promise<Fault | null> {
  const sound = pieces.map((piece) => Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  const bytes = sound.reduce((sum, piece) => sum + piece.length, 0);
  const header = wavHeader({ encoding: "s16", channels: 1, sampleRate }, bytes);
  const draft = `${path}.part`;
  try {
    await writeFile(draft, Buffer.concat([header, ...sound]));
    await rename(draft, path);
    return null;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    return unwritableFile(path, error);
  }
}
