/** When what happens, ms from the moment at which recognition has begun. */
export interface Story {
  /** The service says ERROR. */
  readonly errorAtMs: number;
  /** It says FATAL_ERROR, and from then on refuses connections for `closedMs`, asking to come back after `retryAfterS`. */
  readonly fatalAtMs: number;
  readonly closedMs: number;
  readonly retryAfterS: number;
  /** So much of the sound has words in it; silence follows. */
  readonly wordsMs: number;
  readonly endMs: number;
}

/** A shorter story has no room for the outage to become an alarm and for the alarm to be cleared. */
export const shortestSeconds = 12;
/** Nothing new happens after the first half minute. */
export const longestSeconds = 600;

const retryAfterS = 2;
/** From the service's return on: the rest of the last wait (Retry-After and a quarter more), and connecting. */
const returnMs = 2_800;
/** An alarm is cleared when all has been well for 4 s. */
const clearMs = 4_000;
const spareMs = 700;
/** The last words must be recognised before the end: the silence that ends a segment, and the way there and back. */
const recognitionMs = 2_500;

/**
 * The story told in `seconds` (12 to 600). The outage outlasts the alarm's debounce of 2 s, and ends in time for its
 * clearing.
 */
export function storyOf(seconds: number): Story {
  const endMs = seconds * 1_000;
  const closedMs = Math.min(5_000, Math.max(2_500, endMs / 6));
  const fatalAtMs = Math.min(0.42 * endMs, 15_000, endMs - closedMs - returnMs - clearMs - spareMs);
  return {
    errorAtMs: 0.45 * fatalAtMs,
    fatalAtMs,
    closedMs,
    retryAfterS,
    wordsMs: endMs - recognitionMs,
    endMs,
  };
}
