import { type Argument, Command, CommanderError, InvalidArgumentError, type Option } from "commander";
import { Fault, toFault } from "../base/fault.ts";
import { configCommand } from "./config.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { exitCodeOf } from "./exit-code.ts";
import { fleetCommand } from "./fleet.ts";
import { print } from "./print.ts";
import { runCommand, type StartAgent } from "./run.ts";
import { sayCommand } from "./say.ts";
import { simulateCommand } from "./simulate.ts";
import { updateCommand } from "./update.ts";
import { clarified } from "./usage-error.ts";
import { versionLine } from "./version.ts";

/**
 * Runs the command that `argv` (as in `process.argv`) asks for, to its end.
 * @param startAgent starts the agent of `run`; default: the real one
 * @returns the exit code: 0 fine, 1 failed, 2 bad usage, 78 bad configuration
 */
export async function runProgram(argv: readonly string[], startAgent: StartAgent = startRealAgent): Promise<number> {
  // A reader that goes away is no reason to end; each write's callback tells it where it matters.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  const printing: Promise<unknown>[] = [];
  try {
    await programOf(startAgent, printing).parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof CommanderError)) printing.push(print(complaint(error), process.stderr));
    return exitCodeOf(error);
  } finally {
    await Promise.all(printing);
  }
}

/** Loaded only when it is needed: the other commands start in a fraction of the time. */
const startRealAgent: StartAgent = async (options) => {
  const { startAgent } = await import("../agent.ts");
  return startAgent(options);
};

/** Every command with its options and descriptions: what the manual page is made of. */
export function commands(): Command {
  return programOf(startRealAgent, []);
}

function programOf(startAgent: StartAgent, printing: Promise<unknown>[]): Command {
  const program = new Command("sis-agent")
    .description("Streams a microphone to Huawei Cloud SIS for real-time speech recognition, and loses nothing.")
    .option("-V, --version", "print the version, the commit and the version of Node")
    .on("option:version", () => {
      printing.push(print(`${versionLine()}\n`));
      throw new CommanderError(0, "commander.version", "");
    })
    .addCommand(runCommand(startAgent))
    .addCommand(demoCommand())
    .addCommand(sayCommand())
    .addCommand(doctorCommand())
    .addCommand(simulateCommand())
    .addCommand(fleetCommand())
    .addCommand(configCommand())
    .addCommand(updateCommand());
  prepare(program, printing);
  return program;
}

/** Commands that are made apart do not take over their parent's ways. */
function prepare(command: Command, printing: Promise<unknown>[]): void {
  command
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .showHelpAfterError(`(${pathOf(command)} --help tells how it is used)`)
    .configureOutput({
      writeOut: (text) => printing.push(print(text)),
      writeErr: (text) => printing.push(print(text, process.stderr)),
      outputError: (text, write) => write(clarified(text, command)),
    });
  for (const each of [...command.options.filter(({ required }) => required), ...command.registeredArguments])
    refuseEmpty(each);
  if (command.commands.length > 0) command.helpCommand("help [command]", "print the help of a command");
  for (const inner of command.commands) prepare(inner, printing);
}

/** What a variable was meant to fill may be empty: never what was meant. */
function refuseEmpty(taker: Option | Argument): void {
  const { parseArg } = taker;
  taker.argParser((text: string, before: unknown) => {
    // Its own parser knows better what is to be there.
    const value: unknown = parseArg === undefined ? text : parseArg(text, before);
    if (text === "") throw new InvalidArgumentError("It is empty.");
    return value;
  });
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** What went wrong, for a person at a terminal. */
function complaint(error: unknown): string {
  const fault = toFault(error);
  if (!(error instanceof Fault))
    return `sis-agent: ${fault.cause instanceof Error ? fault.cause.stack : fault.message}\n`;
  return `${fault.message}\n${fault.hint === "" ? "" : `${fault.hint}\n`}`;
}
