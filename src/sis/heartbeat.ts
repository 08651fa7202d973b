/**
 * Whether a connection is alive, decided without clock or socket. A ping goes out at regular intervals and carries how
 * far we had sent; its pong proves that all of that has arrived, because a WebSocket delivers in order (RFC 6455, 5.5).
 * The service says nothing in silence, so without pings a dead link looks like a quiet room for minutes.
 */
export interface Heartbeat {
  /** When anything was last received, monotonic ms. */
  readonly heardMs: number;
  /** When the next beat is due, monotonic ms. */
  readonly dueMs: number;
  /** Marks of the pings that no pong has answered, oldest first. */
  readonly waiting: readonly number[];
}

/** ms. */
export interface Pace {
  /** Between pings. */
  readonly pingMs: number;
  /** With a ping unanswered and nothing received for this long, the link is dead. */
  readonly deadMs: number;
}

/** What a beat asks for: a ping (its mark is the last of `next.waiting`) and the next beat, or the end. */
export type Beat = { readonly verdict: "ping"; readonly next: Heartbeat } | { readonly verdict: "dead" };

/** More unanswered pings than this are not remembered: the peer answers other things, so it is alive. */
const longestWait = 16;

/** A beat that comes later than this was held up by our own process, which has had no chance to read either. */
const heldUpMs = 1000;

/** The link has just opened. */
export function startHeartbeat(nowMs: number, pace: Pace): Heartbeat {
  return { heardMs: nowMs, dueMs: nowMs + pace.pingMs, waiting: [] };
}

/** The due time has come. `mark`: how far we have sent by now. */
export function beat(state: Heartbeat, nowMs: number, mark: number, pace: Pace): Beat {
  const fresh = state.waiting.length === 0 || nowMs - state.dueMs > heldUpMs;
  const heardMs = fresh ? Math.max(state.heardMs, nowMs - pace.deadMs + pace.pingMs) : state.heardMs;
  const deadAtMs = heardMs + pace.deadMs;
  if (nowMs >= deadAtMs) return { verdict: "dead" };
  const waiting = [...state.waiting, mark].slice(-longestWait);
  return { verdict: "ping", next: { heardMs, dueMs: Math.min(nowMs + pace.pingMs, deadAtMs), waiting } };
}

/** Bytes of any kind have arrived. */
export function heard(state: Heartbeat, nowMs: number): Heartbeat {
  return { ...state, heardMs: nowMs };
}

/**
 * A pong has arrived. `confirmed`: the mark that it answers, or null where no ping that waits carried this payload
 * (never asked for, forged, or late). A pong may skip older pings (RFC 6455, 5.5.3): they are answered with it.
 */
export function pong(
  state: Heartbeat,
  payload: string,
): { readonly next: Heartbeat; readonly confirmed: number | null } {
  const index = state.waiting.findIndex((mark) => String(mark) === payload);
  const confirmed = state.waiting[index] ?? null;
  return confirmed === null
    ? { next: state, confirmed }
    : { next: { ...state, waiting: state.waiting.slice(index + 1) }, confirmed };
}
