import { writeSync } from "node:fs";
import { toFault } from "../base/fault.ts";
import { createLogger, logStyle } from "./logging.ts";

/** Logs what nothing caught, at once: the process is about to end. Never throws. */
export function reportCrash(error: unknown): void {
  try {
    const style = logStyle(process.env, process.stderr.isTTY);
    const logger = createLogger("error", style, (line) => writeSync(2, `${line}\n`));
    const fault = toFault(error);
    const stack = error instanceof Error ? error.stack : undefined;
    logger.error(`crashed: ${fault.message}`, { code: fault.code, stack });
  } catch {
    // Standard error is gone as well: there is nobody left to tell.
  }
}
