import { type Command, Option } from "commander";

/** Where an installed agent has its configuration. */
export const usualConfig = "/etc/sis-agent/agent.toml";

/** What the command line may hold of `--config`. */
export interface ConfigFlag {
  readonly config?: string;
}

/** `--config FILE`, needed. Optional for commander, which would say that it is missing before it names what is mistyped. */
export function configOption(): Option {
  return new Option("--config <file>", "the configuration file (required)");
}

/** The file that `--config` names. @throws {CommanderError} where it is missing */
export function configFile({ config }: ConfigFlag, command: Command): string {
  return config ?? command.error("error: required option '--config <file>' not specified");
}
