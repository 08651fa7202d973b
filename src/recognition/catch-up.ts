/** How fast a backlog is sent, in times real time: it gives way to a service that cannot take it. */
export interface CatchUp {
  readonly rate: number;
  /** When it last gave way, monotonic ms. */
  readonly easedAtMs: number;
  /** How late the service's latest result was, ms. */
  readonly lagMs: number;
}

/** What tells how the service takes a backlog. */
export type Sign =
  | { readonly type: "error" } // it failed while a backlog was being sent to it
  | { readonly type: "clogged" } // it does not take what is sent: the connection stays full
  | { readonly type: "result"; readonly lagMs: number } // a final result came so long after its sound was sent
  | { readonly type: "well"; readonly forMs: number }; // for so long, all that was sent has arrived

/** Giving way, the rate falls by this factor, … */
const easing = 0.7;
/** … not below this, which still comes to an end, and only where even that is too much to real time. */
const gentleRate = 1.2;
/** The whole way back takes this long. */
const recoveryMs = 120_000;
/** What is late so soon after giving way was sent before it. */
const patienceMs = 10_000;
/** A service that keeps up gives its result within this time after the silence that ends a segment. */
const keepsUpMs = 5_000;

/** @param mostRate what the settings allow */
export function startCatchUp(mostRate: number): CatchUp {
  return { rate: mostRate, easedAtMs: Number.NEGATIVE_INFINITY, lagMs: 0 };
}

/** The rate after a sign of the service. */
export function stepCatchUp(state: CatchUp, sign: Sign, nowMs: number, mostRate: number): CatchUp {
  switch (sign.type) {
    case "error":
      return { ...eased(state, nowMs, mostRate), lagMs: 0 };
    case "clogged":
      return patient(state, nowMs) ? state : eased(state, nowMs, mostRate);
    case "result": {
      const falling = sign.lagMs > keepsUpMs && sign.lagMs >= state.lagMs && !patient(state, nowMs);
      return { ...(falling ? eased(state, nowMs, mostRate) : state), lagMs: sign.lagMs };
    }
    case "well": {
      if (state.lagMs > keepsUpMs) return state;
      const gain = ((mostRate - 1) * sign.forMs) / recoveryMs;
      return { ...state, rate: Math.min(mostRate, state.rate + gain) };
    }
  }
}

function patient(state: CatchUp, nowMs: number): boolean {
  return nowMs - state.easedAtMs < patienceMs;
}

function eased(state: CatchUp, nowMs: number, mostRate: number): CatchUp {
  const gentle = Math.min(gentleRate, mostRate);
  const rate = state.rate <= gentle ? 1 : Math.max(gentle, state.rate * easing);
  return { ...state, rate, easedAtMs: nowMs };
}
