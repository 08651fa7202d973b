/**
 * Whether a connection is alive, decided without clock or socket. A ping goes out at regular intervals and carries how
 * far we had sent; its pong proves that all of that has arrived, because a WebSocket delivers in order (RFC 6455, 5.5).
 * The service says nothing in silence, so without pings a dead link looks like a quiet room for minutes.
 *
 * Only a pong is a sign of life. Whatever else the peer says proves that it writes, not that it reads: one that has
 * stopped reading can go on talking for hours while none of our sound arrives.
 */
export interface Heartbeat {
  /** When the next beat is due, monotonic ms. */
  readonly dueMs: number;
  /** The pings that no pong has answered, oldest first. */
  readonly waiting: readonly Ping[];
}

interface Ping {
  /** How far we had sent; the ping's payload, in decimal. */
  readonly mark: number;
  /** From then on, monotonic ms, a link that has not answered it is dead. */
  readonly deadAtMs: number;
}

/** ms. */
export interface Pace {
  /** Between pings. */
  readonly pingMs: number;
  /** A ping unanswered for this long: the link is dead. */
  readonly deadMs: number;
}

/** What a beat asks for: a ping (its mark is the last of `next.waiting`) and the next beat, or the end. */
export type Beat = { readonly verdict: "ping"; readonly next: Heartbeat } | { readonly verdict: "dead" };

/** More unanswered pings than this are not remembered; so many there are only while our own process is held up. */
const longestWait = 16;

/** A beat that comes later than this was held up by our own process, which has had no chance to read either. */
const heldUpMs = 1000;

/** The link has just opened. */
export function startHeartbeat(nowMs: number, pace: Pace): Heartbeat {
  return { dueMs: nowMs + pace.pingMs, waiting: [] };
}

/** The due time has come. `mark`: how far we have sent by now. */
export function beat(state: Heartbeat, nowMs: number, mark: number, pace: Pace): Beat {
  const heldUp = nowMs - state.dueMs > heldUpMs;
  // Another round for the pongs that may lie unread.
  const earliestMs = heldUp ? nowMs + pace.pingMs : 0;
  const waiting = state.waiting.map((each) => ({ ...each, deadAtMs: Math.max(each.deadAtMs, earliestMs) }));
  const [oldest] = waiting;
  if (oldest !== undefined && nowMs >= oldest.deadAtMs) return { verdict: "dead" };
  const dueMs = Math.min(nowMs + pace.pingMs, oldest?.deadAtMs ?? nowMs + pace.deadMs);
  return { verdict: "ping", next: ping({ dueMs, waiting }, nowMs, mark, pace) };
}

/** A ping goes out, out of turn. */
export function ping(state: Heartbeat, nowMs: number, mark: number, pace: Pace): Heartbeat {
  return { ...state, waiting: [...state.waiting, { mark, deadAtMs: nowMs + pace.deadMs }].slice(-longestWait) };
}

/**
 * A pong has arrived. `confirmed`: the mark that it answers, or null where no ping that waits carried this payload
 * (never asked for, forged, or late). A pong may skip older pings (RFC 6455, 5.5.3): they are answered with it, and so
 * are later ones of the same mark, which it cannot be told from.
 */
export function pong(
  state: Heartbeat,
  payload: string,
): { readonly next: Heartbeat; readonly confirmed: number | null } {
  const index = state.waiting.findLastIndex(({ mark }) => String(mark) === payload);
  const confirmed = state.waiting[index]?.mark ?? null;
  return confirmed === null
    ? { next: state, confirmed }
    : { next: { ...state, waiting: state.waiting.slice(index + 1) }, confirmed };
}
