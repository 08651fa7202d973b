import { Fault, printable } from "../base/fault.ts";
import { type Diagnosis, diagnose, diagnoseFault, endedUnasked, type Failure } from "../sis/catalogue.ts";
import type { ErrorKind } from "../sis/error-report.ts";
import { diagnoseEnding } from "../sis/link-ending.ts";
import type { SpeechError } from "./report.ts";
import { planRetry } from "./retry.ts";
import type { Context, Effect, EventOf, State, Step } from "./state.ts";

/** The moves after a failure: what is said about it, and whether and when the piece is tried again. */

const brokenEnd: Diagnosis = {
  ...endedUnasked,
  action: "back-off",
  meaning: "the service broke the text off without saying why",
};
const silentEnd: Diagnosis = {
  ...brokenEnd,
  code: "empty-speech",
  meaning: "the service ended the text without any sound",
};

/** ERROR: the text cannot be spoken on this connection. */
export function refused(state: State, event: EventOf<"ERROR">, context: Context): Step {
  return fail(state, "ERROR", said(event), context);
}

/** FATAL_ERROR: the service disconnects, and the text is lost with the connection. */
export function fatal(state: State, event: EventOf<"FATAL_ERROR">, context: Context): Step {
  return fail(state, "FATAL_ERROR", said(event), context);
}

/** END before any sound, or with another reason than that it is whole. */
export function endedBadly(state: State, event: EventOf<"END">, context: Context): Step {
  const diagnosis = event.reason === "NORMAL" ? silentEnd : brokenEnd;
  return fail(state, "PROTOCOL", { diagnosis, message: diagnosis.meaning, traceId: event.traceId }, context);
}

/** The connection is gone before the text was over. */
export function lost(state: State, event: EventOf<"closed">, context: Context): Step {
  const failure = diagnoseEnding(event.ending);
  return fail(state, failure.kind, failure, context);
}

/** What was waited for did not come. */
export function timedOut(state: State, what: string, context: Context): Step {
  const fault = new Fault("link-timeout", what);
  return fail(state, "LOST", { diagnosis: diagnoseFault(fault), message: fault.message }, context);
}

/** The service sends what no text can be that long. */
export function flooded(state: State, context: Context): Step {
  const fault = new Fault("wire-oversized", "the service sends more sound than any text of this length can be");
  return fail(state, "PROTOCOL", { diagnosis: diagnoseFault(fault), message: fault.message }, context);
}

function said(event: EventOf<"ERROR"> | EventOf<"FATAL_ERROR">): Failure {
  return { diagnosis: diagnose(event.code), message: event.message, traceId: event.traceId };
}

function fail(state: State, kind: ErrorKind, failure: Failure, context: Context): Step {
  const { diagnosis } = failure;
  const { plan, tries } = planRetry(state.tries, diagnosis.class, {
    heard: context.heard,
    random: context.random,
    retryAfterMs: failure.retryAfterMs ?? null,
    renewable: failure.renewable ?? true,
  });
  const error: SpeechError = {
    kind,
    code: diagnosis.code,
    message: printable(failure.message),
    traceId: failure.traceId ?? null,
    class: diagnosis.class,
    action: !plan.again ? "hold" : plan.renew ? "renew-credentials" : "reconnect",
    attempt: tries.failures,
    retryInMs: plan.again ? plan.delayMs : null,
    heard: context.heard,
    hint: diagnosis.hint,
  };
  const effects: Effect[] = [{ do: "report", error }, { do: "close" }];
  if (plan.renew) effects.push({ do: "renew-credentials", serverDateMs: failure.serverDateMs ?? null });
  if (!plan.again) return { next: { phase: "failed", tries, error }, effects };
  return { next: { phase: "waiting", tries }, effects: [...effects, { do: "void" }, { do: "wait", ms: plan.delayMs }] };
}
