import { CommanderError } from "commander";
import { Fault } from "../base/fault.ts";

/** The program's exit codes. 78 is EX_CONFIG of sysexits.h: a service manager must not try again. */
export const exitCodes = { fine: 0, failed: 1, usage: 2, config: 78 } as const;

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  if (error instanceof Fault && (error.code === "config-invalid" || error.code === "config-unreadable")) {
    return exitCodes.config;
  }
  return exitCodes.failed;
}
