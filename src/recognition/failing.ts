import { Fault, printable } from "../base/fault.ts";
import { type Diagnosis, diagnose, diagnoseFault } from "../sis/catalogue.ts";
import type { LinkEnding } from "../sis/link.ts";
import { report } from "./moves.ts";
import type { ErrorKind, ErrorReport } from "./report.ts";
import { type Plan, planRetry } from "./retry.ts";
import type { Context, Effect, EventOf, State } from "./state.ts";

/** What is said about a failure, whoever noticed it, and when it is tried again. */

/** What is said, what comes next, and the state that remembers it. */
interface Failure {
  readonly state: State;
  readonly plan: Plan;
  readonly effects: readonly Effect[];
}

/** Says what failed, with all that a person needs, and plans the next attempt. */
export function fail(
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
): Failure {
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
): Failure {
  return fail(
    state,
    kind,
    { diagnosis: diagnose(event.code), message: event.message, traceId: event.traceId },
    context,
  );
}

/** The connection ended, or never was. */
export function failByEnding(state: State, ending: LinkEnding, context: Context): Failure {
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
