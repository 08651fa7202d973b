import { Fault } from "../base/fault.ts";
import type { Settings } from "../config/schema.ts";
import type { CommandResult, Executors } from "../fleet/command-desk.ts";
import type { Outcome } from "../synthesis/outcome.ts";
import type { SayRequest } from "../synthesis/speech.ts";
import { type SelfTestSubject, selfTest } from "./self-test.ts";

/** What the fleet's commands reach. */
export interface CommandTargets {
  readonly restartSession: () => Promise<void>;
  /** undefined: the log cannot be changed. */
  readonly setLogLevel: ((level: Settings["log_level"]) => void) | undefined;
  readonly repeat: () => void;
  readonly subject: () => SelfTestSubject;
  readonly mute: (muted: boolean) => Promise<void>;
  readonly stop: (stopped: boolean) => Promise<void>;
  readonly say: (request: SayRequest) => Promise<Outcome>;
}

/** Carries out the fleet's commands. What is not here answers that it is not available. */
export function executorsOf(targets: CommandTargets): Executors {
  const { restartSession, setLogLevel, repeat, subject, mute, stop, say } = targets;
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
    mute: async () => {
      await mute(true);
      return null;
    },
    unmute: async () => {
      await mute(false);
      return null;
    },
    stop: async () => {
      await stop(true);
      return null;
    },
    start: async () => {
      await stop(false);
      return null;
    },
    say: async (request, notAfterMs) => resultOf(await say({ ...request, notAfterMs })),
    "self-test": async () => ({ ...(await selfTest(subject())) }),
  };
}

/** @throws Fault `command-failed` for a text that was not heard to its end */
function resultOf(outcome: Outcome): CommandResult {
  switch (outcome.result) {
    case "spoken":
      return { spoken_ms: Math.round(outcome.spokenMs) };
    case "unspoken":
      throw new Fault("command-failed", outcome.error.message);
    case "unheard":
      throw new Fault("command-failed", outcome.fault.message);
    case "cancelled":
    case "refused":
      throw new Fault("command-failed", `the text was ${outcome.result}: ${outcome.reason}`);
    case "expired":
      throw new Fault("command-failed", "its time had passed before its turn came");
  }
}
