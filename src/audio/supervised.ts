import { type Backoff, backoffDelayMs } from "../base/backoff.ts";
import { type Clock, pause } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Random } from "../base/random.ts";
import { runningSource } from "./running.ts";
import type { AudioSource, SourceEvent } from "./source.ts";

/** How a recording ended that was not asked to. */
export interface Breakdown {
  readonly fault: Fault;
  /** For how long there had been sound; 0 if there was none. */
  readonly soundMs: number;
}

const backoff: Backoff = { baseMs: 500, capMs: 10_000 };
/** After this much sound a failure counts as the first one again. */
const goodSoundMs = 10_000;

/**
 * A source that begins again, with back-off, for as long as it takes. Never ends by itself.
 * @param record records once, until it breaks down or is stopped (null); never rejects
 */
export function supervised(
  record: (tell: (event: SourceEvent) => void, stop: AbortSignal) => Promise<Breakdown | null>,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): AudioSource {
  return runningSource(async (tell, stop) => {
    let failures = 0;
    while (!stop.aborted) {
      const breakdown = await record(tell, stop);
      if (breakdown === null) return;
      failures = breakdown.soundMs >= goodSoundMs ? 1 : failures + 1;
      const retryInMs = backoffDelayMs(backoff, failures, random);
      tell({ type: "interrupted", fault: breakdown.fault, attempt: failures, retryInMs });
      await pause(clock, retryInMs, stop);
    }
  });
}
