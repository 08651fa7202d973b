import type { Readable } from "node:stream";
import type { AudioSource } from "./source.ts";

/**
 * Sound from a byte stream: raw 16-bit little-endian mono at `sampleRate`, or a WAV stream of any kind when it begins with RIFF.
 * @param options.input owned by the source from now on: destroyed when it stops
 * @param options.sampleRate Hz of raw input, and of the samples delivered
 */
export function stdinSource(options: { readonly input: Readable; readonly sampleRate: number }): AudioSource {
  throw new Error(`not built yet: ${options.sampleRate}`);
}
