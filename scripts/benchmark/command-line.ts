import { type ParseArgsConfig, parseArgs } from "node:util";

/** What is asked for cannot be: the message names the option. */
export class UsageError extends Error {}

/** @throws {UsageError} @param name of the option, as it is written */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${name}: "${text}" is not a whole number from ${least} to ${most}`);
}

/** `parseArgs`. @throws {UsageError} instead of what it throws */
export function parseOptions<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Runs a benchmark to its exit code: 2 with its usage where it cannot be run as asked, 1 where it was stopped. */
export async function runCommand(usage: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n${usage}\n`);
      process.exitCode = 2;
    } else if (error instanceof Error && error.name === "AbortError") {
      process.stderr.write("stopped\n");
      process.exitCode = 1;
    } else throw error;
  }
}
