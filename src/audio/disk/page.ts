import { readFile } from "node:fs/promises";
import { Converter } from "../convert.ts";
import type { Span } from "../holes.ts";
import { decodeSound, framesIn } from "./frame.ts";
import { blockOf } from "./stored.ts";

/** The sound of one file. */
export interface Page extends Span {
  readonly samples: Int16Array;
  /** What of it could not be read. */
  readonly bad: readonly Span[];
}

/** Reads a file of sound. @param sampleRate Hz of the log @throws what the file system throws */
export async function readPage(file: Span & { readonly path: string }, sampleRate: number): Promise<Page> {
  const { from, to } = file;
  const bytes = await readFile(file.path);
  const samples = new Int16Array(to - from);
  const bad: Span[] = [];
  let readTo = from;
  for (const { header, at } of framesIn(bytes)) {
    const block = blockOf(header, sampleRate);
    const sound = decodeSound(header, bytes, at);
    // The beginning of a frame may be in another file.
    const start = Math.max(block.from, from);
    const end = Math.min(block.to, to);
    if (end <= start) continue;
    if (start > readTo) bad.push({ from: readTo, to: start });
    if (sound === null) bad.push({ from: start, to: end });
    else {
      const fitting = header.sampleRate === sampleRate ? sound : atRate(sound, header.sampleRate, sampleRate);
      samples.set(fitting.subarray(start - block.from, end - block.from), start - from);
    }
    readTo = end;
  }
  if (readTo < to) bad.push({ from: readTo, to });
  return { from, to, samples, bad };
}

function atRate(sound: Int16Array, fromRate: number, toRate: number): Int16Array {
  const converter = new Converter({ encoding: "s16", channels: 1, sampleRate: fromRate }, toRate);
  const first = converter.push(Buffer.from(sound.buffer));
  const rest = converter.end();
  const all = new Int16Array(first.length + rest.length);
  all.set(first);
  all.set(rest, first.length);
  return all;
}
