import { constants } from "node:os";
import { exitCodes } from "./exit-code.ts";

/** What ends a command that was to run to its own end. */
export interface StopSignals extends Disposable {
  /** As a shell sees a program that the first signal has ended; 1: none has come. */
  exitCode(): number;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Hears the signals that ask the process to stop, until it is disposed.
 * @param onStop told the first; later ones change nothing
 */
export function stopSignals(onStop: (signal: NodeJS.Signals) => void): StopSignals {
  let exitCode: number = exitCodes.failed;
  const onSignal = (signal: NodeJS.Signals) => {
    if (exitCode !== exitCodes.failed) return;
    exitCode = 128 + constants.signals[signal];
    onStop(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    exitCode: () => exitCode,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
