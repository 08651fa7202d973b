import type { Settings } from "../config/schema.ts";
import type { Executors } from "../fleet/command-desk.ts";
import { type SelfTestSubject, selfTest } from "./self-test.ts";

/** What the fleet's commands reach. */
export interface CommandTargets {
  readonly restartSession: () => Promise<void>;
  /** undefined: the log cannot be changed. */
  readonly setLogLevel: ((level: Settings["log_level"]) => void) | undefined;
  readonly repeat: () => void;
  readonly subject: () => SelfTestSubject;
}

/** Carries out the fleet's commands. What is not here answers that it is not available. */
export function executorsOf({ restartSession, setLogLevel, repeat, subject }: CommandTargets): Executors {
  return {
    "restart-session": async () => {
      await restartSession();
      return null;
    },
    ...(setLogLevel !== undefined && {
      "log-level": ({ level }) => {
        setLogLevel(level);
        return { level };
      },
    }),
    report: () => {
      repeat();
      return null;
    },
    "self-test": async () => ({ ...(await selfTest(subject())) }),
  };
}
