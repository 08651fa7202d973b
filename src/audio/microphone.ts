import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { AudioSource } from "./source.ts";

/** The programs that node-record-lpcm16 can drive. */
export type Recorder = "arecord" | "rec" | "sox";

/**
 * A microphone, recorded by a program of its own that is watched, restarted and always reaped.
 * @param options.device the ALSA name of the device ("default", "plughw:1")
 * @param options.sampleRate Hz
 * @param options.env set for the recorder beside our own environment
 */
export function microphone(options: {
  readonly recorder: Recorder;
  readonly device: string;
  readonly sampleRate: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}): AudioSource {
  throw new Error(`not built yet: ${options.recorder}`);
}
