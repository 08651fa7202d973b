import type { Random } from "./random.ts";

/** How long to wait between attempts: exponential up to a cap, full jitter. */
export interface Backoff {
  /** Upper bound of the first wait, ms. */
  readonly baseMs: number;
  /** Upper bound of every wait, ms. */
  readonly capMs: number;
}

/**
 * The wait before the next attempt after `failures` failures in a row (1 = the first), uniformly drawn from
 * [0, min(cap, base × 2^(failures − 1))). Saturates: any number of failures gives a finite wait.
 */
export function backoffDelayMs(policy: Backoff, failures: number, random: Random): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  return Math.floor(Math.min(policy.capMs, policy.baseMs * 2 ** exponent) * random());
}
