import { readFileSync } from "node:fs";
import * as z from "zod";
import { errorName } from "../base/disk-fault.ts";
import { printable, toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";

/**
 * What an earlier run has kept; null where there is nothing, or it cannot be used (which is logged).
 * @param shape what the JSON in the file must be
 * @param what the beginning of the message: "the alarms from before the restart"
 */
export function loadKept<T>(path: string, shape: z.ZodType<T>, what: string, logger: Logger): T | null {
  try {
    return shape.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (errorName(error) !== "ENOENT") tellUnusable(path, error, what, logger);
    return null;
  }
}

/** Something in the file is left out, and why. */
export function tellUnusable(path: string, error: unknown, what: string, logger: Logger): void {
  const said = error instanceof z.ZodError ? z.prettifyError(error) : toFault(error).message;
  logger.warn(`${what} cannot be read`, { path, error: printable(said) });
}
