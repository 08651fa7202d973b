import { printable } from "../base/fault.ts";
import { type Diagnosis, diagnose, type Failure } from "../sis/catalogue.ts";
import type { ErrorKind, ErrorReport } from "../sis/error-report.ts";
import { diagnoseEnding, type LinkEnding } from "../sis/link-ending.ts";
import { report } from "./moves.ts";
import { type Plan, planRetry } from "./retry.ts";
import type { Context, Effect, EventOf, State } from "./state.ts";

/** What is said about a failure, whoever noticed it, and when it is tried again. */

/** What is said, what comes next, and the state that remembers it. */
interface Reaction {
  readonly state: State;
  readonly plan: Plan;
  readonly effects: readonly Effect[];
}

/** Says what failed, with all that a person needs, and plans the next attempt. */
export function fail(state: State, kind: ErrorKind, failure: Failure, context: Context): Reaction {
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

/** The service said so. */
export function failByReply(
  state: State,
  kind: "ERROR" | "FATAL_ERROR",
  event: EventOf<"ERROR"> | EventOf<"FATAL_ERROR">,
  context: Context,
): Reaction {
  return fail(
    state,
    kind,
    { diagnosis: diagnose(event.code), message: event.message, traceId: event.traceId },
    context,
  );
}

/** The connection ended, or never was. */
export function failByEnding(state: State, ending: LinkEnding, context: Context): Reaction {
  const failure = diagnoseEnding(ending);
  return fail(state, failure.kind, failure, context);
}
