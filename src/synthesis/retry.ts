import { type Backoff, backoffDelayMs } from "../base/backoff.ts";
import type { Random } from "../base/random.ts";
import type { ErrorClass } from "../sis/catalogue.ts";

/** How a piece of text has fared. */
export interface Tries {
  readonly failures: number;
  /** How often it was begun again after some of it had been heard. */
  readonly repeats: number;
}

export const untried: Tries = { failures: 0, repeats: 0 };

/** What to do after a failure. */
export type Plan =
  | { readonly again: true; readonly delayMs: number; readonly renew: boolean }
  | { readonly again: false; readonly renew: boolean };

interface Policy extends Backoff {
  /** How often it is tried again. */
  readonly retries: number;
}

const never: Policy = { retries: 0, baseMs: 0, capMs: 0 };
const quick: Policy = { retries: 3, baseMs: 500, capMs: 4_000 };

/** By class. Somebody waits to hear it: what does not work within seconds is given up, and says why. */
const policies: Readonly<Record<ErrorClass, Policy>> = {
  service: quick,
  network: quick,
  silence: quick,
  sequence: quick,
  audio: quick,
  throttled: { retries: 2, baseMs: 2_000, capMs: 8_000 },
  // Renewed, and tried once at once.
  credentials: { retries: 1, baseMs: 0, capMs: 0 },
  account: never,
  config: never,
};

/** To hear the beginning of a sentence over and over helps nobody. */
const mostRepeats = 1;
/** Who is asked to wait longer gives up. */
const longestRetryAfterMs = 10_000;

/**
 * Decides what follows a failure.
 * @param context.heard some of the piece has been heard
 * @param context.retryAfterMs what the service asked for, if it did
 * @param context.renewable whether fresh credentials may be the mend
 */
export function planRetry(
  tries: Tries,
  errorClass: ErrorClass,
  context: {
    readonly heard: boolean;
    readonly retryAfterMs: number | null;
    readonly renewable: boolean;
    readonly random: Random;
  },
): { readonly plan: Plan; readonly tries: Tries } {
  const { heard, retryAfterMs, renewable, random } = context;
  const policy = policies[errorClass];
  const renew = errorClass === "credentials";
  const failures = tries.failures + 1;
  const exhausted = failures > policy.retries || (heard && tries.repeats >= mostRepeats);
  const hopeless = renew && !renewable;
  if (exhausted || hopeless || (retryAfterMs ?? 0) > longestRetryAfterMs)
    return { plan: { again: false, renew }, tries: { ...tries, failures } };
  const ownMs = backoffDelayMs(policy, failures, random);
  return {
    plan: { again: true, delayMs: Math.max(0, retryAfterMs ?? 0) + ownMs, renew },
    tries: { failures, repeats: tries.repeats + (heard ? 1 : 0) },
  };
}
