import { type Backoff, backoffDelayMs } from "../base/backoff.ts";
import type { Random } from "../base/random.ts";
import type { ErrorClass } from "../sis/catalogue.ts";

/** How things have gone lately: what the next wait depends on. */
export interface Standing {
  /** Failures in a row since recognition last proved useful. */
  readonly failures: number;
  /** The class of the latest of them, and how many of that class came in a row. */
  readonly streak: { readonly class: ErrorClass; readonly length: number } | null;
  /** Times in a row that it failed again soon after proving useful. */
  readonly flaps: number;
  /** Since when it has been useful; null while it is not. */
  readonly usefulSinceMs: number | null;
  /** Fresh credentials have been asked for since it was last useful. */
  readonly renewed: boolean;
  /** Times in a row that the service was asked for the end of a finite source in vain. */
  readonly endless: number;
  /** The service has let us wait for the END of a silent sentence: it ends none by itself. */
  readonly waitsForEnd: boolean;
  /** The last END that was asked for came before the pong to the ping that went before it. */
  readonly outrunsPong: boolean;
}

/** What to do after a failure. */
export interface Plan {
  readonly delayMs: number;
  /** Trying again soon is pointless: a person has to mend something first. A slow probe notices when they have. */
  readonly held: boolean;
  /** The credentials in use are to be thrown away. */
  readonly renew: boolean;
  readonly reason: string;
}

interface Policy extends Backoff {
  readonly held?: true;
  /** Waits at least half of the bound: too many attempts do harm of their own. */
  readonly slow?: true;
}

const seconds = 1_000;
const minutes = 60_000;

/**
 * Waits by class. An attempt that does not reach the service costs it nothing: those waits stay short. Five wrong
 * signatures lock an access key for five minutes: hence the slow credentials.
 */
const policies: Readonly<Record<ErrorClass, Policy>> = {
  service: { baseMs: 1 * seconds, capMs: 1 * minutes },
  network: { baseMs: 1 * seconds, capMs: 20 * seconds, slow: true },
  silence: { baseMs: 1 * seconds, capMs: 1 * minutes },
  audio: { baseMs: 1 * seconds, capMs: 1 * minutes },
  sequence: { baseMs: 1 * seconds, capMs: 1 * minutes },
  throttled: { baseMs: 10 * seconds, capMs: 5 * minutes },
  credentials: { baseMs: 2 * minutes, capMs: 15 * minutes, slow: true },
  account: { baseMs: 1 * minutes, capMs: 15 * minutes, held: true, slow: true },
  config: { baseMs: 1 * minutes, capMs: 15 * minutes, held: true, slow: true },
};

/** After so many failures in a row to decode our audio, the setting is wrong, not the audio. */
const decodingFailuresAreConfig = 5;
/** Failing within this time after proving useful is flapping. */
const flapWindowMs = 2 * minutes;
/** So many flaps in a row are forgiven; after that each doubles the wait, so many times. */
const freeFlaps = 2;
const mostFlapDoublings = 3;
/** Longest Retry-After that is honoured. */
const longestRetryAfterMs = 60 * minutes;

export const freshStanding: Standing = {
  failures: 0,
  streak: null,
  flaps: 0,
  usefulSinceMs: null,
  renewed: false,
  endless: 0,
  waitsForEnd: false,
  outrunsPong: false,
};

/** Recognition has proved useful. Failures are forgotten; flapping is not, until it stays useful. */
export function afterUseful(standing: Standing, nowMs: number): Standing {
  const { flaps, usefulSinceMs, waitsForEnd, outrunsPong } = standing;
  return { ...freshStanding, flaps, usefulSinceMs: usefulSinceMs ?? nowMs, waitsForEnd, outrunsPong };
}

/** The settings have changed: what failed with the old ones need not fail again. */
export function pardoned(standing: Standing): Standing {
  return { ...standing, failures: 0, renewed: false };
}

/**
 * Decides the wait after a failure of class `errorClass`.
 * @param context.retryAfterMs what the service asked for, if it did
 * @param context.renewable whether fresh credentials may be the mend
 */
export function planRetry(
  standing: Standing,
  errorClass: ErrorClass,
  reason: string,
  context: {
    readonly nowMs: number;
    readonly random: Random;
    readonly retryAfterMs: number | null;
    readonly renewable: boolean;
  },
): { readonly plan: Plan; readonly standing: Standing } {
  const counted = countFailure(standing, errorClass, context.nowMs);
  // That our END was out of order shows that the service, which had once let us wait, does end sessions by itself.
  const failed = { ...counted, waitsForEnd: counted.waitsForEnd && errorClass !== "sequence" };
  // Once per failure series the credentials are renewed and tried at once: they may merely have expired.
  if (errorClass === "credentials" && context.renewable && !standing.renewed) {
    return {
      plan: { delayMs: 0, held: false, renew: true, reason },
      standing: { ...failed, renewed: true },
    };
  }
  const effective = errorClass === "audio" && failed.failures >= decodingFailuresAreConfig ? "config" : errorClass;
  const policy = policies[effective];
  const held = policy.held === true;
  // Long waits are only for what has failed like this before: a refused token after an outage is a first one.
  const quick = policy.baseMs <= policies.service.baseMs;
  const flapDoublings = Math.min(Math.max(failed.flaps - freeFlaps, 0), mostFlapDoublings);
  const renewal = effective === "credentials" && standing.renewed ? 1 : 0;
  const exponent = quick ? failed.failures + flapDoublings : (failed.streak?.length ?? 1) - renewal;
  const random = policy.slow === true ? () => (1 + context.random()) / 2 : context.random;
  const ownMs = backoffDelayMs(policy, exponent, random);
  const askedMs = Math.min(Math.max(context.retryAfterMs ?? 0, 0), longestRetryAfterMs);
  // Whoever was asked to wait comes back after that time, and not all in the same moment.
  const delayMs = askedMs > 0 ? askedMs + Math.min(ownMs, Math.ceil(askedMs / 4)) : ownMs;
  return { plan: { delayMs, held, renew: errorClass === "credentials", reason }, standing: failed };
}

function countFailure(standing: Standing, errorClass: ErrorClass, nowMs: number): Standing {
  const before = standing.streak?.class === errorClass ? standing.streak.length : 0;
  const streak = { class: errorClass, length: before + 1 };
  if (standing.usefulSinceMs === null) return { ...standing, streak, failures: standing.failures + 1 };
  const flapped = nowMs - standing.usefulSinceMs < flapWindowMs;
  const flaps = flapped ? standing.flaps + 1 : 0;
  return { ...standing, failures: 1, streak, flaps, usefulSinceMs: null };
}
