/** What may be sent at once after a pause, ms of sound: live sound never waits for the pacer. */
const burstMs = 1_000;

/** How much sound has been allowed out, as a leaking bucket. */
export interface Pace {
  readonly allowanceMs: number;
  readonly atMs: number;
}

export function startPace(nowMs: number): Pace {
  return { allowanceMs: burstMs, atMs: nowMs };
}

/** The allowance at `nowMs`: it grows `rate` times as fast as time, up to one burst. */
export function refill(pace: Pace, nowMs: number, rate: number): Pace {
  return { allowanceMs: Math.min(burstMs, pace.allowanceMs + (nowMs - pace.atMs) * rate), atMs: nowMs };
}

export function spend(pace: Pace, soundMs: number): Pace {
  return { ...pace, allowanceMs: pace.allowanceMs - soundMs };
}

/** How long to wait before `soundMs` of sound may be sent: 0 = now. */
export function waitMs(pace: Pace, soundMs: number, rate: number): number {
  return pace.allowanceMs >= soundMs ? 0 : Math.ceil((soundMs - pace.allowanceMs) / rate);
}
