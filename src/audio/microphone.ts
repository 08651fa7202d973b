import type { Random } from "../base/random.ts";
import { type RecordingOptions, record } from "./recording.ts";
import type { AudioSource } from "./source.ts";
import { supervised } from "./supervised.ts";

/**
 * A microphone, recorded by a program of its own (through node-record-lpcm16) that is watched, restarted with back-off
 * for as long as it takes, and always reaped. Never ends by itself.
 */
export function microphone(options: RecordingOptions & { readonly random: Random }): AudioSource {
  return supervised((tell, stop) => record(options, tell, stop), options);
}
