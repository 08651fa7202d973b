import { Fault } from "../base/fault.ts";
import { type Diagnosis, diagnose, diagnoseFault, endedUnasked } from "../sis/catalogue.ts";
import { fail, failByEnding, failByReply } from "./failing.ts";
import { connect, endSession, go, leave, note, report, rest, startNext, stay, wait } from "./moves.ts";
import { afterUseful, type Plan } from "./retry.ts";
import type { Context, Effect, EventOf, Irregularity, Settle, State, StateOf, Step } from "./state.ts";

/** The moves after a failure. */

/** After an ERROR in a session, its END follows at once; after a cancelled one soon. */
const endAfterErrorMs = 2_000;
/** After a FATAL_ERROR the service disconnects; when it does not, we do. */
const disconnectAfterFatalMs = 2_000;

const barrenSession: Diagnosis = {
  ...endedUnasked,
  code: "empty-session",
  meaning: "the service ended the session before it was of any use",
};

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
    return rest(failed.state, failed.plan, context, ...failed.effects);
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

/** The same in a session. Some services are through with one after each sentence, and close. */
export function closedInSession(state: State, event: EventOf<"closed">, context: Context): Step {
  const done = context.advanced && event.ending.how === "closed" && event.ending.code === 1000;
  return done ? behindResult(state, "closed-without-end", connect, context) : lost(state, event, context);
}

/** A session that is over, unasked, behind a result was of use: another one follows at once. */
function behindResult(state: State, how: Irregularity, next: typeof startNext, context: Context): Step {
  const step = next({ ...state, standing: afterUseful(state.standing, context.nowMs) }, context);
  const over = endSession("finals", "over behind a result");
  return { next: step.next, effects: [note(how), over, report({ type: "healthy" }), ...step.effects] };
}

/** The same before a START is answered: a service may be done with a connection after one session, and close it. */
export function closedBeforeStart(state: StateOf<"starting">, event: EventOf<"closed">, context: Context): Step {
  const done = state.reused && event.ending.how === "closed" && event.ending.code === 1000;
  return done ? connect(state) : lost(state, event, context);
}

/** The END of a session that nobody asked to end. */
export function unaskedEnd(state: State, event: EventOf<"END">, context: Context): Step {
  if (context.mode === "sentence" && event.reason === "NORMAL" && context.productive) {
    const next = startNext(state, context);
    return { next: next.next, effects: [endSession("sentence", "sentence"), ...next.effects] };
  }
  // It may be through with a session after each sentence in continuous mode, too.
  if (context.mode === "continuous" && event.reason === "NORMAL" && context.advanced) {
    return behindResult(state, "unasked-end", startNext, context);
  }
  const message = `the service ended the session unasked, reason ${event.reason}`;
  const failed = fail(state, "PROTOCOL", { diagnosis: endedUnasked, message, traceId: event.traceId }, context);
  return rest(
    failed.state,
    failed.plan,
    context,
    ...failed.effects,
    note("unasked-end"),
    endSession("finals", "unasked END"),
  );
}

/** A session that ended as it may, but took and gave nothing: another one at once would do the same. */
export function barren(state: State, settle: Settle, event: EventOf<"END">, context: Context): Step {
  const failed = fail(
    state,
    "PROTOCOL",
    { diagnosis: barrenSession, message: barrenSession.meaning, traceId: event.traceId },
    context,
  );
  return rest(failed.state, failed.plan, context, ...failed.effects, endSession(settle, barrenSession.meaning));
}

/** END after an ERROR: the session is over; the connection stays, if it has a future. */
export function failedSessionEnded(state: State & { readonly plan: Plan }, _event: unknown, context: Context): Step {
  return rest(state, state.plan, context, endSession("finals", state.plan.reason));
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

/** An error that belongs to no START and no session, or comes where the connection ends anyway: nothing to be done. */
export function strayError(state: State, event: EventOf<"ERROR" | "FATAL_ERROR">): Step {
  return stay(state, note("late-error", `${event.code} ${event.message}`));
}

/** A message that cannot be read, where none can be a result of ours. */
export function strayMessage(state: State, event: EventOf<"malformed">): Step {
  return stay(state, note("malformed-message", event.fault.message));
}

function inSession(state: State): boolean {
  return state.phase === "streaming" || state.phase === "ending" || state.phase === "failing";
}
