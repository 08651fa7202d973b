import type { Habits, Refusal, Trouble } from "./habits.ts";
import type { ErrorCode } from "./messages.ts";

/** What a service has seen, and what it still has in store. */
export interface Chronicle {
  /** Wall clock of each request for a connection. */
  readonly requests: number[];
  /** Wall clock of each close by the service. */
  readonly closings: number[];
  /** Wall clock of each START. */
  readonly starts: number[];
  /** What the client did against the pages. */
  readonly violations: string[];
  /** Sound that came in on all connections, ms. */
  heardMs: number;
  /** Sessions in which the client sent more than the mode takes. */
  exceeded: number;
  readonly refusals: Refusal[];
  readonly startRefusals: ErrorCode[];
  readonly troubles: Trouble[];
}

export function chronicleOf({ refusals, startRefusals, troubles }: Habits): Chronicle {
  return {
    requests: [],
    closings: [],
    starts: [],
    violations: [],
    heardMs: 0,
    exceeded: 0,
    refusals: [...refusals],
    startRefusals: [...startRefusals],
    troubles: [...troubles],
  };
}
