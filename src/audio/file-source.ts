import type { Clock } from "../base/clock.ts";
import type { AudioSource } from "./source.ts";

/**
 * A WAV file of any rate, width and number of channels, played as if it were a microphone.
 * @param options.sampleRate Hz of the samples delivered
 * @param options.loop starts again at its end, without a gap, for ever
 * @param options.speed 1 = real time
 */
export function fileSource(options: {
  readonly path: string;
  readonly sampleRate: number;
  readonly loop: boolean;
  readonly speed: number;
  readonly clock: Clock;
}): AudioSource {
  throw new Error(`not built yet: ${options.path}`);
}
