/**
 * scripts/bench soak: agents under faults for hours, the words that they were given, and what their processes grow by.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { pause, systemClock } from "../../../src/base/clock.ts";
import { hostArch } from "../../build/arch.ts";
import { root } from "../../build/binary.ts";
import { bundle } from "../../build/bundle.ts";
import type { LanePlan, LaneResult } from "../../campaigning/lane.ts";
import { runLaneProcess } from "../../campaigning/lanes.ts";
import { accusations } from "../../campaigning/summary.ts";
import { lookAtMachine } from "../../campaigning/surroundings.ts";
import { runCommand } from "../command-line.ts";
import { machineLine } from "../machine.ts";
import { recordOn } from "../pages.ts";
import { type SoakOptions, soakOptions, usage } from "./options.ts";
import { outcomeOf } from "./outcome.ts";
import { soakLine, soakPage } from "./page.ts";
import { samplesFile, soakPlans } from "./plan.ts";
import { readSamples } from "./samples.ts";

/** Not all at once, and so that their faults do not fall together. */
const betweenAgentsMs = 1500;

/** @returns the exit code */
async function soak(options: SoakOptions, stop: AbortSignal): Promise<number> {
  const machine = lookAtMachine();
  for (const lack of machine.lacks) say(lack);
  const measuredOn = machineLine();
  say(measuredOn);
  const folder = mkdtempSync(join(tmpdir(), "soak-"));
  const programs = { agent: await bundleAgent(folder), sampler: await bundleSampler(folder) };
  const plans = soakPlans(options, folder, machine, programs);
  say(`${options.agents} agents for ${options.hours} h; logs in ${folder}`);
  const { results, broken } = await runAll(plans, stop);
  const wrong = [...broken, ...accusations(results)];
  for (const each of wrong) say(each);
  if (stop.aborted || results.length < plans.length) {
    if (stop.aborted) rmSync(folder, { recursive: true, force: true });
    return 1;
  }
  const runs = plans.map((plan) => readSamples(samplesFile(plan.folder)));
  const outcome = outcomeOf(results, runs.slice(0, -1), runs.at(-1) ?? []);
  process.stdout.write(`${soakPage(outcome)}\n`);
  if (options.record) {
    const command = `scripts/bench soak ${process.argv.slice(2).join(" ")}`.trim();
    const page = new URL("../../../docs/performance-soak.md", import.meta.url);
    recordOn(page, "soak", { command, machine: measuredOn }, soakPage(outcome));
  }
  if (options.json) process.stdout.write(`${soakLine(outcome)}\n`);
  const flat = outcome.trends.every((trend) => trend.flat);
  if (wrong.length === 0 && flat) rmSync(folder, { recursive: true, force: true });
  return wrong.length === 0 && flat ? 0 : 1;
}

async function runAll(plans: readonly LanePlan[], stop: AbortSignal) {
  const outcomes = await Promise.allSettled(
    plans.map(async (plan) => {
      await pause(systemClock, plan.lane * betweenAgentsMs, stop);
      return runLaneProcess(plan, say, stop);
    }),
  );
  return {
    results: outcomes.flatMap((outcome): LaneResult[] => (outcome.status === "fulfilled" ? [outcome.value] : [])),
    broken: outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : [])),
  };
}

/** The program as it is packaged. */
async function bundleAgent(folder: string): Promise<string> {
  const { code } = await bundle({ root, entry: join(root, "src/main.ts"), arch: hostArch(), commit: "bench" });
  const file = join(folder, "agent.cjs");
  writeFileSync(file, code);
  return file;
}

/** As JavaScript, so that no compiler of types is in the agent's process. */
async function bundleSampler(folder: string): Promise<string> {
  const outfile = join(folder, "sampler.mjs");
  const entry = fileURLToPath(import.meta.resolve("./sampler.ts"));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", logLevel: "warning" });
  return outfile;
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}

await runCommand(usage, async () => {
  const options = soakOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort(name));
  return soak(options, stop.signal);
});
