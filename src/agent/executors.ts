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
  readonly mute: (muted: boolean) => Promise<boolean>;
  readonly stop: (stopped: boolean) => Promise<boolean>;
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
    mute: async () => lastingOf(await mute(true)),
    unmute: async () => lastingOf(await mute(false)),
    stop: async () => lastingOf(await stop(true)),
    start: async () => lastingOf(await stop(false)),
    say: async (request, notAfterMs) => resultOf(await say({ ...request, notAfterMs })),
    "self-test": async () => ({ ...(await selfTest(subject())) }),
  };
}

/** It is so now; whether it would be after a power cut is said where it would not. */
function lastingOf(kept: boolean): CommandResult {
  return kept ? null : { kept: false };
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
