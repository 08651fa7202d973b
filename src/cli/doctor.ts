import { resolve } from "node:path";
import { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { assertWritable } from "../base/wanted-file.ts";
import { type Configuration, loadConfiguration } from "../config/load.ts";
import { ConfigFault, problemLine } from "../config/problems.ts";
import { asService } from "./as-service.ts";
import { usualConfig } from "./config-option.ts";
import { type CheckResult, fail, ok, outcomeOf, type Status, warn } from "./doctor/finding.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";
import { answer, print } from "./print.ts";
import { version } from "./version.ts";

interface DoctorFlags {
  readonly config: string;
  readonly json?: true;
  readonly bundle?: string;
  readonly service?: string;
}

/** `doctor`: looks at everything that the agent needs, and says what is wrong and what to do about it. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("look at everything the agent needs, and say what is wrong and how to mend it")
    .option("--config <file>", "the configuration file", usualConfig)
    .option("--json", "one JSON object instead of lines for people")
    .option(
      "--bundle <file>",
      "also write what others need to help: a JSON file without secrets, and nothing that was said",
    )
    .option("--service <unit>", "as the user, and with the credentials and the environment, of this systemd service")
    .addHelpText(
      "after",
      "\nTakes up to half a minute, records two seconds, sends a second of silence to the service. A running agent is not\n" +
        "disturbed; what only one can use (the microphone, the panel) is left to it. Run it as the agent's user,\nor as root with --service sis-agent: then FILE is a place where the agent may write, such as /tmp.\n" +
        "Exit code: 0 fine, or warnings only; 1 something has failed; 78 the configuration is not fit to run on.",
    )
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await (flags.service === undefined ? doctor(flags) : doctorAsService(flags.service, flags));
    });
}

function doctorAsService(service: string, { config, json, bundle }: DoctorFlags): Promise<number> {
  const args = ["doctor", "--config", resolve(config)];
  if (json === true) args.push("--json");
  if (bundle === undefined) return asService(service, args);
  // The agent itself does not read the journal.
  return asService(service, [...args, "--bundle", resolve(bundle)], ["systemd-journal"]);
}

async function doctor({ config, json, bundle }: DoctorFlags): Promise<number> {
  if (bundle !== undefined) {
    const { bundleBeginning } = await import("./doctor/bundle.ts");
    await assertWritable(bundle, bundleBeginning);
  }
  const results: CheckResult[] = [];
  const tell = (result: CheckResult) => {
    results.push(result);
    if (json !== true) void print(lineOf(result));
  };
  const found = await configurationAt(config, tell);
  const configuration = found instanceof ConfigFault ? null : found;
  if (configuration !== null) await examineAll(configuration, tell);
  const outcome = outcomeOf(results);
  if (bundle !== undefined) {
    const { writeBundle } = await import("./doctor/bundle.ts");
    await writeBundle(bundle, { configFile: config, configuration, results, nowMs: systemClock.wallMs() });
  }
  const summary = { type: "doctor", version, outcome, config, bundle: bundle ?? null, checks: results };
  await answer(json === true ? `${JSON.stringify(summary)}\n` : summaryLine(results, bundle));
  if (found instanceof ConfigFault) return exitCodeOf(found);
  return outcome === "fail" ? exitCodes.failed : Number(process.exitCode ?? exitCodes.fine);
}

/** The configuration, and what it is like; or why there is none to run on. */
async function configurationAt(
  file: string,
  tell: (result: CheckResult) => void,
): Promise<Configuration | ConfigFault> {
  try {
    const configuration = await loadConfiguration(file, process.env);
    const problems = configuration.warnings.map(problemLine);
    for (const problem of problems) tell({ check: "config", ...warn(problem, "sis-agent config check tells more.") });
    if (problems.length === 0) tell({ check: "config", ...ok(file) });
    return configuration;
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    const mend = "Mend it; docs/configuration.md and sis-agent config check tell what is allowed.";
    for (const problem of error.problems) {
      const isDisk = problem.code === "disk-failed";
      tell({
        check: "config",
        ...fail(problemLine(problem), isDisk ? "Try again; if it stays so, check the disk or card." : mend),
      });
    }
    return error;
  }
}

async function examineAll(configuration: Configuration, tell: (result: CheckResult) => void): Promise<void> {
  // Loaded only when it is needed: the other commands start faster.
  const { allChecks, totalMs } = await import("./doctor/all-checks.ts");
  const { examine } = await import("./doctor/examine.ts");
  const { runningAgent } = await import("./doctor/patient.ts");
  const agentPid = await runningAgent(configuration.settings.state_dir);
  await examine(allChecks, { configuration, clock: systemClock, agentPid }, tell, totalMs);
}

const labels: Readonly<Record<Status, string>> = { ok: "ok  ", warn: "WARN", fail: "FAIL", skip: "--  " };

/** `FAIL  tls          cannot reach …`, and what to do about it on a line of its own. */
function lineOf({ check, status, says, mend }: CheckResult): string {
  const line = `${labels[status]}  ${check.padEnd(11)}  ${says}\n`;
  return mend === "" ? line : `${line}${" ".repeat(19)}→ ${mend}\n`;
}

function summaryLine(results: readonly CheckResult[], bundle: string | undefined): string {
  const count = (status: Status) => results.filter((result) => result.status === status).length;
  const [failures, warnings] = [count("fail"), count("warn")];
  const parts = [...(failures > 0 ? [`${failures} failed`] : []), ...(warnings > 0 ? [`${warnings} to look at`] : [])];
  const made = bundle === undefined ? "" : `Wrote ${bundle}: look through it before you pass it on.\n`;
  return `\n${parts.length === 0 ? "All is well." : `${parts.join(", ")}.`}\n${made}`;
}
