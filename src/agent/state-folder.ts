import { claim, unclaim } from "../base/claim.ts";
import { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";

/** The agent's folder, as far as it is its own. */
export interface StateFolder extends Disposable {
  /** Where what is told to the fleet is kept; null: another agent keeps its own there, and would find ours among it. */
  readonly path: string | null;
  /** Why it is not ours; null: it is, or it cannot be used at all, which whoever writes there tells. */
  readonly fault: Fault | null;
}

/** Takes `state_dir` for this agent, whatever it keeps there. Never throws. Disposing lets go of it. */
export function takeStateFolder(path: string, logger: Logger): StateFolder {
  const fault = whyNotOurs(path);
  if (fault !== null) logger.error(fault.message, { code: fault.code, hint: fault.hint });
  return {
    path: fault === null ? path : null,
    fault,
    [Symbol.dispose]() {
      if (fault === null) unclaim(path);
    },
  };
}

function whyNotOurs(path: string): Fault | null {
  try {
    claim(path, `runs on ${path}: what this one has to tell does not survive its end`);
    return null;
  } catch (error) {
    return error instanceof Fault ? error : null;
  }
}
