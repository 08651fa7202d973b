import type { Report } from "./report.ts";
import { afterUseful, type Plan, pardoned } from "./retry.ts";
import type { Context, Effect, Ending, EventOf, Irregularity, Next, Settle, State, StateOf, Step } from "./state.ts";

/** The plain moves that the table of transitions is made of: each gives the next state and what to do. */

/** Credentials may have to be got first, from a service or a disk that hangs; then the connection has 10 s of its own. */
const connectTimeoutMs = 60_000;
/** How long the service may take, ms; for an END, once it has dealt with what it was sent. */
const startTimeoutMs = 10_000;
export const endTimeoutMs: Readonly<Record<Ending, number>> = {
  sentence: 5_000,
  silence: 5_000,
  full: 5_000,
  roll: 5_000,
  handover: 5_000,
  starved: 5_000,
  exhausted: 15_000,
  reconfigured: 3_000,
  stop: 1_500,
};
/** Endings that do not wait until the service has dealt with all that it was sent. */
const hurried: ReadonlySet<Ending> = new Set(["reconfigured", "stop"]);
/** Where the service may end a session of its own accord, it is given this long before we ask: to find the result, … */
const ownEndMs = 1_500;
/** … and once it has given it. Asking a service that has just ended the session itself would be out of order. */
const ownEndAfterResultMs = 500;
const closeTimeoutMs = 1_000;
/** A connection without a session is kept for waits up to this long: after 20 s without data the service would disconnect. */
const longestRestMs = 10_000;
/** Streaming this long without an error makes a connection useful: failures are forgotten. */
const usefulAfterMs = 10_000;

export const wait = (ms: number): Effect => ({ do: "wait", ms });
export const report = (what: Report): Effect => ({ do: "report", report: what });
export const note = (irregularity: Irregularity, detail = ""): Effect => ({ do: "note", irregularity, detail });
export const endSession = (settle: Settle, reason: string): Effect => ({ do: "end-session", settle, reason });

export function stay(state: State, ...effects: Effect[]): Step {
  return { next: state, effects };
}

export function ignore(state: State): Step {
  return { next: state, effects: [] };
}

/** The service said something that its protocol does not have here. */
export function noted(irregularity: Irregularity): (state: State) => Step {
  return (state) => stay(state, note(irregularity));
}

export function connect(state: State): Step {
  const effects: Effect[] = [{ do: "connect" }, wait(connectTimeoutMs)];
  return { next: { phase: "connecting", standing: state.standing }, effects };
}

/** A changed configuration deserves a fresh start. */
export function connectAfresh(state: State): Step {
  return connect({ ...state, standing: pardoned(state.standing) });
}

/** The same, once the connection that has failed is out of the way. */
export function hasten(state: StateOf<"failing"> | StateOf<"doomed">): Step {
  const plan = { ...state.plan, delayMs: 0, held: false };
  return stay({ ...state, standing: pardoned(state.standing), plan });
}

export function start(state: State): Step {
  const next: State = { phase: "starting", standing: state.standing, reused: state.phase !== "connecting" };
  return { next, effects: [{ do: "start" }, wait(startTimeoutMs)] };
}

/** The next session: here, or on another connection where this one is near its limit. */
export function startNext(state: State, context: Context): Step {
  return context.spent ? leave(state, "connect") : start(state);
}

export function stream(state: State, event: EventOf<"START">): Step {
  return {
    next: { phase: "streaming", standing: state.standing },
    effects: [
      { do: "begin-session", traceId: event.traceId },
      report({ type: "phase", phase: "streaming", reason: "the service recognises", retryInMs: null }),
      wait(usefulAfterMs),
    ],
  };
}

export function useful(state: State, _event: unknown, context: Context): Step {
  const next = { ...state, standing: afterUseful(state.standing, context.nowMs) };
  return stay(next, report({ type: "healthy" }));
}

export function deliver(state: State, event: EventOf<"RESULT">): Step {
  return stay(state, { do: "deliver", traceId: event.traceId, segments: event.segments });
}

/** A result of a session that is over: it counts if no later session has covered its audio. */
export function deliverLate(state: State, event: EventOf<"RESULT">): Step {
  return stay(state, note("late-result"), { do: "deliver", traceId: event.traceId, segments: event.segments });
}

/** Sends END: the service is to give what it still has, and then is done with all that it was sent. */
export function askForEnd(why: Ending): (state: State, event: unknown, context: Context) => Step {
  return (state, _event, context) => end(state, why, { asked: true, settle: "sent" }, context);
}

/** Sends END; with `asked` false the service is first given the chance to end by itself. */
export function end(
  state: State,
  why: Ending,
  how: { readonly asked: boolean; readonly hasResult?: true; readonly cancel?: boolean; readonly settle: Settle },
  context: Context,
): Step {
  const next: State = { phase: "ending", standing: state.standing, why, asked: how.asked, settle: how.settle };
  if (!how.asked) return { next, effects: [wait(how.hasResult === true ? ownEndAfterResultMs : ownEndMs)] };
  const cancel = how.cancel === true;
  const owedMs = cancel || hurried.has(why) ? 0 : context.owedMs;
  return { next, effects: [{ do: "end", cancel }, wait(endTimeoutMs[why] + owedMs)] };
}

export function go(state: State, next: Next): Step {
  if (next === "connect") return connect(state);
  if (next === "idle") {
    const reason = "no sound to send";
    return {
      next: { phase: "idle", standing: state.standing },
      effects: [report({ type: "phase", phase: "listening", reason, retryInMs: null })],
    };
  }
  if (next === "stopped") {
    return {
      next: { phase: "stopped", standing: state.standing },
      effects: [report({ type: "phase", phase: "stopped", reason: "stopped", retryInMs: null })],
    };
  }
  return {
    next: { phase: "waiting", standing: state.standing },
    effects: [report(waitingPhase(next)), wait(next.delayMs)],
  };
}

/** Closes the connection; `next` comes when it is closed. */
export function leave(state: State, next: Next, ...before: Effect[]): Step {
  const effects: Effect[] = [...before, { do: "close" }, wait(closeTimeoutMs)];
  return { next: { phase: "leaving", standing: state.standing, next }, effects };
}

/** Waits for the next START on the connection that is there; for a longer wait, or near its limit, it is given up. */
export function rest(state: State, plan: Plan, context: Context, ...before: Effect[]): Step {
  const { held, renew, delayMs } = plan;
  if (held || renew || delayMs > longestRestMs || context.spent) return leave(state, plan, ...before);
  return {
    next: { phase: "resting", standing: state.standing },
    effects: [...before, report(waitingPhase(plan)), wait(plan.delayMs)],
  };
}

function waitingPhase(plan: Plan): Report {
  return {
    type: "phase",
    phase: plan.held ? "held" : "backing-off",
    reason: plan.reason,
    retryInMs: plan.delayMs,
  };
}
