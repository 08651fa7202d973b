import { type Backoff, backoffDelayMs } from "../base/backoff.ts";
import { pause } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type RecordingOptions, record } from "./recording.ts";
import { runningSource } from "./running.ts";
import type { AudioSource, SourceEvent } from "./source.ts";

const backoff: Backoff = { baseMs: 500, capMs: 10_000 };
/** After this much sound a failure counts as the first one again. */
const goodSoundMs = 10_000;

/**
 * A microphone, recorded by a program of its own (through node-record-lpcm16) that is watched, restarted with back-off
 * for as long as it takes, and always reaped. Never ends by itself.
 */
export function microphone(options: RecordingOptions & { readonly random: Random }): AudioSource {
  return runningSource((tell, signal) => supervise(options, tell, signal));
}

async function supervise(
  options: RecordingOptions & { readonly random: Random },
  tell: (event: SourceEvent) => void,
  stop: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!stop.aborted) {
    const breakdown = await record(options, tell, stop);
    if (breakdown === null) return;
    failures = breakdown.soundMs >= goodSoundMs ? 1 : failures + 1;
    const retryInMs = backoffDelayMs(backoff, failures, options.random);
    tell({ type: "interrupted", fault: breakdown.fault, attempt: failures, retryInMs });
    await pause(options.clock, retryInMs, stop);
  }
}
