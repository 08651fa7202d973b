import { Fault, printable } from "../base/fault.ts";
import { type Diagnosis, diagnose, diagnoseFault } from "../sis/catalogue.ts";
import type { LinkEnding } from "../sis/link.ts";
import { connect, endSession, go, leave, note, report, rest, start, stay, wait } from "./moves.ts";
import type { ErrorKind, ErrorReport } from "./report.ts";
import { type Plan, planRetry } from "./retry.ts";
import type { Context, Effect, EventOf, Settle, State, StateOf, Step } from "./state.ts";

/** The moves after a failure: what is said about it, and when it is tried again. */

/** After an ERROR in a session, its END follows at once; after a cancelled one soon. */
const endAfterErrorMs = 2_000;
/** After a FATAL_ERROR the service disconnects; when it does not, we do. */
const disconnectAfterFatalMs = 2_000;

const support = "Nothing to do if it is rare. If it keeps coming, ask the service's support, with the trace id.";
const endedUnasked: Diagnosis = {
  code: "unasked-end",
  known: true,
  class: "service",
  action: "new-session",
  meaning: "the service ended the session unasked",
  hint: support,
};
const barrenSession: Diagnosis = {
  ...endedUnasked,
  code: "empty-session",
  meaning: "the service ended the session before it was of any use",
};

/** Says what failed, with all that a person needs, and plans the next attempt. */
function fail(
  state: State,
  kind: ErrorKind,
  failure: {
    readonly diagnosis: Diagnosis;
    readonly message: string;
    readonly traceId?: string | null;
    readonly retryAfterMs?: number | null;
    readonly serverDateMs?: number | null;
    /** Whether fresh credentials may be the mend. Default: yes. */
    readonly renewable?: false;
  },
  context: Context,
): { readonly state: State; readonly plan: Plan; readonly effects: readonly Effect[] } {
  const { diagnosis } = failure;
  const { plan, standing } = planRetry(state.standing, diagnosis.class, `${diagnosis.code} ${diagnosis.meaning}`, {
    ...context,
    retryAfterMs: failure.retryAfterMs ?? null,
    renewable: failure.renewable ?? true,
  });
  const effects: Effect[] = [
    report({
      type: "error",
      error: {
        kind,
        code: diagnosis.code,
        message: printable(failure.message),
        traceId: failure.traceId ?? null,
        class: diagnosis.class,
        action: actionOf(kind, plan, diagnosis),
        attempt: standing.failures,
        retryInMs: plan.delayMs,
        hint: diagnosis.hint,
      },
    }),
  ];
  if (plan.renew) effects.push({ do: "renew-credentials", serverDateMs: failure.serverDateMs ?? null });
  return { state: { ...state, standing }, plan, effects };
}

/** What is really done: the catalogue's action holds where the connection stays. */
function actionOf(kind: ErrorKind, plan: Plan, diagnosis: Diagnosis): ErrorReport["action"] {
  if (plan.held) return "hold";
  if (plan.renew) return "renew-credentials";
  return kind === "ERROR" || kind === "PROTOCOL" ? diagnosis.action : "reconnect";
}

/** ERROR while a session is open: no more audio; the service's END closes the session. */
export function errorInSession(state: State, event: EventOf<"ERROR">, context: Context): Step {
  const failed = failByReply(state, "ERROR", event, context);
  // Our order was wrong: only a new connection is sure to be in step with the service again.
  if (diagnose(event.code).class === "sequence") {
    return leave(failed.state, failed.plan, ...failed.effects, endSession("finals", failed.plan.reason));
  }
  return {
    next: { phase: "failing", standing: failed.state.standing, plan: failed.plan, heeds: true },
    effects: [...failed.effects, wait(endAfterErrorMs)],
  };
}

/** ERROR while none is open: nothing follows; the START that was sent is refused. */
export function startRefused(state: StateOf<"starting">, event: EventOf<"ERROR">, context: Context): Step {
  const diagnosis = diagnose(event.code);
  // A START like the one that worked a moment ago: what is refused is something else that we said out of order. If not,
  // the START on the next connection will tell.
  const outOfOrder = diagnosis.class === "sequence" || (state.reused && diagnosis.action === "hold");
  if (!outOfOrder) {
    const failed = failByReply(state, "ERROR", event, context);
    return rest(failed.state, failed.plan, ...failed.effects);
  }
  // Only a new connection is sure to be in step with the service again.
  const { message, traceId } = event;
  const sequence: Diagnosis = { ...diagnosis, class: "sequence", action: "reconnect" };
  const failed = fail(state, "ERROR", { diagnosis: sequence, message, traceId }, context);
  return leave(failed.state, failed.plan, ...failed.effects);
}

/** FATAL_ERROR: the service itself disconnects. */
export function fatal(state: State, event: EventOf<"FATAL_ERROR">, context: Context): Step {
  const failed = failByReply(state, "FATAL_ERROR", event, context);
  const over = inSession(state) ? [endSession("finals", `FATAL_ERROR ${event.code}`)] : [];
  return {
    next: { phase: "doomed", standing: failed.state.standing, plan: failed.plan },
    effects: [...failed.effects, ...over, wait(disconnectAfterFatalMs)],
  };
}

/** A message that cannot be read may have been a result: the audio is sent again, so that nothing can be missed. */
export function unreadable(state: State, event: EventOf<"malformed">, context: Context): Step {
  const noted = note("malformed-message", event.fault.message);
  if (!event.again || !inSession(state)) return stay(state, noted);
  const failure = { diagnosis: diagnoseFault(event.fault), message: event.fault.message };
  const failed = fail(state, "PROTOCOL", failure, context);
  return redo(failed.state, failed.plan, noted, ...failed.effects);
}

/** Speech came back without words: it is sent again, at once. That is no failure of the service. */
export function tryAgain(state: State): Step {
  return redo(state, { delayMs: 0, held: false, renew: false, reason: "speech came back without words" });
}

/** The session is cancelled; what it has not settled goes out again. */
function redo(state: State, plan: Plan, ...before: readonly Effect[]): Step {
  return {
    next: { phase: "failing", standing: state.standing, plan, heeds: false },
    effects: [...before, { do: "end", cancel: true }, wait(endAfterErrorMs)],
  };
}

/** The service did not answer in time. */
export function timedOut(state: State, what: string, context: Context): Step {
  const failed = fail(
    state,
    "PROTOCOL",
    { diagnosis: diagnoseFault(new Fault("link-timeout", what)), message: what },
    context,
  );
  const over = inSession(state) ? [endSession("finals", what)] : [];
  return leave(failed.state, failed.plan, ...failed.effects, ...over);
}

/** The connection is gone, unasked, or never was. */
export function lost(state: State, event: EventOf<"closed">, context: Context): Step {
  const failed = failByEnding(state, event.ending, context);
  const over = inSession(state) ? [endSession("finals", "the connection was lost")] : [];
  const next = go(failed.state, failed.plan);
  return { next: next.next, effects: [...failed.effects, ...over, ...next.effects] };
}

/** The same before a START is answered: a service may be done with a connection after one session, and close it. */
export function closedBeforeStart(state: StateOf<"starting">, event: EventOf<"closed">, context: Context): Step {
  const done = state.reused && event.ending.how === "closed" && event.ending.code === 1000;
  return done ? connect(state) : lost(state, event, context);
}

/** The END of a session that nobody asked to end. */
export function unaskedEnd(state: State, event: EventOf<"END">, context: Context): Step {
  if (context.mode === "sentence" && event.reason === "NORMAL" && context.productive) {
    const next = start(state);
    return { next: next.next, effects: [endSession("sentence", "sentence"), ...next.effects] };
  }
  const message = `the service ended the session unasked, reason ${event.reason}`;
  const failed = fail(state, "PROTOCOL", { diagnosis: endedUnasked, message, traceId: event.traceId }, context);
  return rest(failed.state, failed.plan, ...failed.effects, note("unasked-end"), endSession("finals", "unasked END"));
}

/** A session that ended as it may, but took and gave nothing: another one at once would do the same. */
export function barren(state: State, settle: Settle, event: EventOf<"END">, context: Context): Step {
  const failed = fail(
    state,
    "PROTOCOL",
    { diagnosis: barrenSession, message: barrenSession.meaning, traceId: event.traceId },
    context,
  );
  return rest(failed.state, failed.plan, ...failed.effects, endSession(settle, barrenSession.meaning));
}

/** END after an ERROR: the session is over, the connection stays. */
export function failedSessionEnded(state: State & { readonly plan: Plan }): Step {
  return rest(state, state.plan, endSession("finals", state.plan.reason));
}

export function stopInFailedSession(state: State): Step {
  return leave(state, "stopped", endSession("finals", "stop"));
}

/** END (reason ERROR) did not follow the ERROR: the service's state is unknown, so this connection is given up. */
export function endAfterErrorMissing(state: State & { readonly plan: Plan }): Step {
  return leave(state, state.plan, note("end-missing"), endSession("finals", state.plan.reason));
}

export function closedAfterError(state: State & { readonly plan: Plan }): Step {
  const step = go(state, state.plan);
  return { next: step.next, effects: [note("closed-without-end"), endSession("finals", "closed"), ...step.effects] };
}

/** An ERROR that belongs to no START and no session: nothing to be done. */
export function strayError(state: State, event: EventOf<"ERROR">): Step {
  return stay(state, note("late-error", `${event.code} ${event.message}`));
}

/** A message that cannot be read, where none can be a result of ours. */
export function strayMessage(state: State, event: EventOf<"malformed">): Step {
  return stay(state, note("malformed-message", event.fault.message));
}

function failByReply(
  state: State,
  kind: "ERROR" | "FATAL_ERROR",
  event: EventOf<"ERROR"> | EventOf<"FATAL_ERROR">,
  context: Context,
) {
  return fail(
    state,
    kind,
    { diagnosis: diagnose(event.code), message: event.message, traceId: event.traceId },
    context,
  );
}

function failByEnding(state: State, ending: LinkEnding, context: Context) {
  switch (ending.how) {
    case "refused":
      return fail(state, "REFUSED", ending, context);
    case "unreachable":
      // IAM refused the very credentials that a renewal would send again.
      return fail(
        state,
        "UNREACHABLE",
        {
          diagnosis: diagnoseFault(ending.fault),
          message: ending.fault.message,
          retryAfterMs: ending.retryAfterMs,
          renewable: false,
        },
        context,
      );
    case "dead":
      return fail(state, "LOST", { diagnosis: diagnoseFault(ending.fault), message: ending.fault.message }, context);
    case "closed": {
      const why = ending.reason === "" ? "" : `: ${ending.reason}`;
      const message = `the connection ended with close code ${ending.code}${why}`;
      return fail(state, "LOST", { diagnosis: diagnoseFault(new Fault("link-lost", message)), message }, context);
    }
  }
}

function inSession(state: State): boolean {
  return state.phase === "streaming" || state.phase === "ending" || state.phase === "failing";
}
