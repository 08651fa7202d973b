/**
 * How far a service surely is that says nothing, because nobody speaks: as far as one that works no faster than real
 * time. What has arrived is not yet heard: a backlog arrives much faster than a slow service deals with it.
 */
export interface Reach {
  /** Of the session's sound, ms: what had arrived when it was last known, and what of that was dealt with. */
  readonly arrivedMs: number;
  readonly dealtMs: number;
  /** When that was, monotonic ms. */
  readonly atMs: number;
}

/** Of a session that has just begun. */
export const noReach: Reach = { arrivedMs: 0, dealtMs: 0, atMs: 0 };

/** A final result proves that the service has dealt with what lies before its end, ms of the session. */
export function dealtTo(before: Reach, ms: number): Reach {
  return ms <= before.dealtMs ? before : { ...before, dealtMs: ms, arrivedMs: Math.max(before.arrivedMs, ms) };
}

/**
 * It is `nowMs`, and so much of the session's sound is known to have arrived.
 * @param speed of the source, times real time: a recording that is played fast has a service that is as fast
 */
export function reachAt(before: Reach, arrivedMs: number, nowMs: number, speed: number): Reach {
  const dealtMs = Math.min(before.arrivedMs, before.dealtMs + (nowMs - before.atMs) * Math.max(speed, 1));
  return { arrivedMs: Math.max(before.arrivedMs, arrivedMs), dealtMs, atMs: nowMs };
}
