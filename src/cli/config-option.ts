import { type Command, InvalidArgumentError, Option } from "commander";

/** What the command line may hold of `--config`. */
export interface ConfigFlag {
  readonly config?: string;
}

/** `--config FILE`, needed. Optional for commander, which would say that it is missing before it names what is mistyped. */
export function configOption(): Option {
  return new Option("--config <file>", "the configuration file (required)").argParser(fileName);
}

/** The name of a file, as an option's argument: what a variable was meant to fill may be empty. */
export function fileName(text: string): string {
  if (text === "") throw new InvalidArgumentError("It names no file.");
  return text;
}

/** The file that `--config` names. @throws {CommanderError} where it is missing */
export function configFile({ config }: ConfigFlag, command: Command): string {
  return config ?? command.error("error: required option '--config <file>' not specified");
}
