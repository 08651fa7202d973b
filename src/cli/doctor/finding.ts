import { type Fault, printable } from "../../base/fault.ts";

/** `skip`: could not be looked at, for a reason that another line tells, or because there is nothing to look at. */
export type Status = "ok" | "warn" | "fail" | "skip";

/** What a check has found. */
export interface Finding {
  readonly status: Status;
  readonly says: string;
  /** What a person should do; empty where there is nothing to do. */
  readonly mend: string;
}

/** A finding, and the check that it is of. */
export interface CheckResult extends Finding {
  readonly check: string;
}

export const ok = (says: string): Finding => ({ status: "ok", says, mend: "" });
export const warn = (says: string, mend: string): Finding => ({ status: "warn", says, mend });
export const fail = (says: string, mend: string): Finding => ({ status: "fail", says, mend });
export const skip = (says: string): Finding => ({ status: "skip", says, mend: "" });

export function failed({ message, hint }: Pick<Fault, "message" | "hint">): Finding {
  return fail(printable(message, 400), printable(hint, 500));
}

/** The worst of all. */
export function outcomeOf(results: readonly Finding[]): "ok" | "warn" | "fail" {
  if (results.some(({ status }) => status === "fail")) return "fail";
  return results.some(({ status }) => status === "warn") ? "warn" : "ok";
}
