import { Command, Option } from "commander";
import type { Agent, AgentOptions } from "../agent.ts";
import { systemClock } from "../base/clock.ts";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Environment } from "../config/environment.ts";
import { type Configuration, loadConfiguration } from "../config/load.ts";
import { ConfigFault, type Problem, problemLine } from "../config/problems.ts";
import { startService } from "../host/service.ts";
import { serviceManagerOf } from "../host/service-manager.ts";
import { type ConfigFlag, configFile, configOption } from "./config-option.ts";
import { collectFromTimeToTime, optimizeSoon, optimizeTheSteady } from "./engine.ts";
import { exitCodeOf } from "./exit-code.ts";
import { LineOutlet } from "./line-outlet.ts";
import { type AdjustableLogger, createLogger, type LogLevel, logLevels, logStyle } from "./logging.ts";
import { reload } from "./reload.ts";
import { serviceListeners } from "./service.ts";
import { supervise } from "./supervise.ts";
import { transcriptLine } from "./transcript-line.ts";
import { build, version } from "./version.ts";

export type StartAgent = (options: AgentOptions) => Agent | Promise<Agent>;

interface RunFlags extends ConfigFlag {
  readonly stdout?: "jsonl";
  readonly logLevel?: LogLevel;
}

/** What waits for the reader of the transcripts, and of the log: at the usual length of a line, hours of speech. */
const transcriptBytes = 16 * 1024 * 1024;
const logBytes = 4 * 1024 * 1024;
/** What is done after so long is not done for the start. */
const startMs = 3_000;
/** After so long all that each message does has been done: the sound in memory has gone round, after two minutes as a rule. */
const learningMs = 150_000;
/** Readers get so long to take the last lines. */
const farewellMs = 300;

/** `run`: the agent itself, until it is stopped or a sound file is at its end. */
export function runCommand(startAgent: StartAgent): Command {
  return new Command("run")
    .description("run the agent: record, have it recognised, report")
    .addOption(configOption())
    .addOption(
      new Option("--stdout <format>", "print transcripts to standard output, an object a line").choices(["jsonl"]),
    )
    .addOption(new Option("--log-level <level>", "the least important messages to log").choices(logLevels))
    .addHelpText(
      "after",
      "\nThe log goes to standard error. SIGTERM or SIGINT stops the agent, a second one at once. SIGHUP reads the secrets\n" +
        "again, and says which settings have changed; at a terminal, whose window may have been closed, it stops the\n" +
        "agent. systemd is told when the agent has started, and how it is.",
    )
    .action(async (flags: RunFlags, self: Command) => {
      process.exitCode = await run(configFile(flags, self), flags, startAgent);
    });
}

async function run(file: string, options: RunFlags, startAgent: StartAgent): Promise<number> {
  const style = logStyle(process.env, process.stderr.isTTY);
  const logLines = new LineOutlet(process.stderr, logBytes, () => {});
  const loggerOf = (level: LogLevel) => createLogger(level, style, (line) => logLines.write(line));
  const transcripts = options.stdout === "jsonl" ? transcriptOutlet(() => logger) : null;
  let logger = loggerOf(options.logLevel ?? "info");
  let exitCode: number;
  try {
    const configuration = await loadConfiguration(file, process.env);
    logger = loggerOf(options.logLevel ?? configuration.settings.log_level);
    for (const warning of configuration.warnings) logger.warn(problemLine(warning), factsOf(warning));
    exitCode = await runAgent(
      { file, environment: process.env, running: configuration, fixesLogLevel: options.logLevel !== undefined },
      logger,
      transcripts,
      startAgent,
    );
  } catch (error) {
    logFault(logger, error);
    exitCode = exitCodeOf(error);
  }
  await farewell(transcripts, logLines);
  return exitCode;
}

/** Where the agent's settings come from, and what they were at its start. */
interface SettingsSource {
  readonly file: string;
  readonly environment: Environment;
  readonly running: Configuration;
  /** The command line says how much is logged. */
  readonly fixesLogLevel: boolean;
}

/** The agent, from its start to its end, and what the service manager is told of it. */
async function runAgent(
  source: SettingsSource,
  logger: AdjustableLogger,
  transcripts: LineOutlet | null,
  startAgent: StartAgent,
): Promise<number> {
  const manager = serviceManagerOf(process.env, process.pid, logger);
  let running: Agent | null = null;
  const backlogMs = () => running?.backlogMs() ?? 0;
  using service = manager && startService({ manager, clock: systemClock, logger, backlogMs });
  const options = agentOptions(source, logger, transcripts);
  const told = service && serviceListeners(service);
  using _start = systemClock.after(startMs, optimizeSoon);
  using _learnt = systemClock.after(startMs + learningMs, optimizeTheSteady);
  using _collecting = collectFromTimeToTime(systemClock);
  const start = async () => {
    running = await startAgent({
      ...options,
      ...told,
      onReport: (report) => {
        options.onReport(report);
        told?.onReport(report);
      },
    });
    return running;
  };
  return await supervise(start, logger, systemClock, process, {
    onStop: () => service?.stopping(),
    onHangUp: atTerminal()
      ? null
      : async (agent) => {
          const work = () => reload(source, agent, logger);
          await (service === null ? work() : service.whileReloading(work));
        },
  });
}

/** Whoever started it there, and closes the window, does not want to be listened to any more. */
function atTerminal(): boolean {
  return process.stdin.isTTY || process.stderr.isTTY;
}

function agentOptions(
  { running: { settings, secrets }, fixesLogLevel }: SettingsSource,
  logger: AdjustableLogger,
  transcripts: LineOutlet | null,
): AgentOptions {
  return {
    settings,
    secrets,
    version,
    build,
    logger,
    logLevel: { set: (level) => logger.setLevel(level), fixed: fixesLogLevel },
    onReport: (report) => {
      if (report.type === "transcript") transcripts?.write(transcriptLine(report.transcript, systemClock.wallMs()));
    },
  };
}

function transcriptOutlet(logger: () => Logger): LineOutlet {
  return new LineOutlet(process.stdout, transcriptBytes, (event) => {
    switch (event.type) {
      case "gone":
        logger().warn("the reader of the transcripts is gone; going on without it", { code: event.code });
        break;
      case "losing":
        logger().warn("the reader of the transcripts is too slow, or its disk is full: transcripts are dropped");
        break;
      case "lost":
        logger().warn("transcripts were dropped", { lines: event.lines });
        break;
    }
  });
}

function logFault(logger: Logger, error: unknown): void {
  if (error instanceof ConfigFault) {
    for (const problem of error.problems)
      logger.error(problemLine(problem), { code: problem.code, ...factsOf(problem) });
    return;
  }
  const fault = toFault(error);
  const stack = fault === error || !(error instanceof Error) ? undefined : error.stack;
  logger.error(fault.message, { code: fault.code, hint: fault.hint, stack });
}

function factsOf({ key, place }: Problem) {
  return "variable" in place ? { key, variable: place.variable } : { key, file: place.file, line: place.line };
}

/** Waits for the last lines to be read, those about transcripts among them, but not for a reader that stands still. */
async function farewell(transcripts: LineOutlet | null, logLines: LineOutlet): Promise<void> {
  const late = Promise.withResolvers<undefined>();
  using _deadline = systemClock.after(farewellMs, () => late.resolve(undefined));
  await Promise.race([transcripts?.drained(), late.promise]);
  await Promise.race([logLines.drained(), late.promise]);
}
