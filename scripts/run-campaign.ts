/**
 * scripts/campaign: hundreds of random faults against the real agent, and the proof of what became of every word.
 * Exit code 0: nothing was lost or doubled. docs/campaign.md tells how to read what it prints.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pause, systemClock } from "../src/base/clock.ts";
import { possible, shareOut } from "./campaigning/draw.ts";
import { isKindName, type KindName, kindNames, kindOf } from "./campaigning/kinds.ts";
import type { LanePlan, LaneResult } from "./campaigning/lane.ts";
import { runLaneProcess } from "./campaigning/lanes.ts";
import type { Microphone } from "./campaigning/room.ts";
import { accusations, rowsOf, summarise } from "./campaigning/summary.ts";
import { lookAtMachine } from "./campaigning/surroundings.ts";
import { table } from "./campaigning/table.ts";

const betweenLanesMs = 700;
/** A recorder that is held up for longer loses sound, or is taken for one that stands still. */
const toleratedMs = 500;

const usage = `usage: scripts/campaign --faults N --seed S [OPTIONS]
Runs real agents against the simulator, in real time, lets N random faults happen to them, several at once, and tells
what became of every word that was said. Exit code 0: nothing was lost, doubled or reordered; 1: something was.
  --faults N            how many faults (50)
  --seed S              what is drawn is the same for the same seed (1)
  --kinds A,B,...       these kinds only; "quick": all that the agent gets over in seconds
  --lanes N             agents side by side, the faults are shared out among them (6 a core)
  --microphone M        arecord: the real one, on a device whose sound the campaign makes; stand-in: a program in its
                        place that knows to the sample what it gave; mixed: both in turns (mixed where arecord is)
  --json                the last line of standard output is the summary as JSON, instead of the table
  --keep                keep the agents' logs, which are kept anyway when something is wrong
Kinds: ${kindNames.join(", ")}`;

function options() {
  try {
    return parseArgs({
      options: {
        help: { type: "boolean", short: "h", default: false },
        faults: { type: "string", default: "50" },
        seed: { type: "string", default: "1" },
        kinds: { type: "string", default: kindNames.join(",") },
        lanes: { type: "string", default: String(Math.min(256, 6 * availableParallelism())) },
        microphone: {
          type: "string",
          default: spawnSync("arecord", ["--version"]).status === 0 ? "mixed" : "stand-in",
        },
        json: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return badUsage(error instanceof Error ? error.message : String(error));
  }
}

function badUsage(why: string): never {
  process.stderr.write(`${why}\n${usage}\n`);
  process.exit(2);
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= most
    ? value
    : badUsage(`--${name} takes a whole number from 1 to ${most}, not ${JSON.stringify(text)}`);
}

function chosenKinds(text: string): KindName[] {
  return text.split(",").flatMap((name) => {
    if (name === "quick") return kindNames.filter((each) => kindOf(each).waits !== "long");
    return isKindName(name) ? [name] : badUsage(`there is no kind of fault ${JSON.stringify(name)}`);
  });
}

function microphoneOf(text: string, lane: number): Microphone {
  if (text === "arecord" || text === "stand-in") return text;
  if (text === "mixed") return lane % 2 === 0 ? "stand-in" : "arecord";
  return badUsage(`--microphone takes arecord, stand-in or mixed, not ${JSON.stringify(text)}`);
}

const values = options();
if (values.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

const faults = wholeNumber("faults", values.faults, 100_000);
const lanes = Math.min(faults, wholeNumber("lanes", values.lanes, 256));
const machine = lookAtMachine();
const chosen = chosenKinds(values.kinds);
const kinds = possible(chosen, machine.meets);
for (const lack of machine.lacks) say(lack);
if (kinds.length === 0) badUsage(`none of these is possible here: ${chosen.join(", ")}`);

const folder = mkdtempSync(join(tmpdir(), "campaign-"));
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort(name));

const seeds = Array.from({ length: lanes }, (_, lane) => `${values.seed} ${lane}`);
const shares = shareOut(seeds, faults, kinds, machine.meets);
const plans = seeds.map(
  (seed, lane): LanePlan => ({
    lane,
    seed,
    ordeal: { faults: shares[lane] ?? 0 },
    kinds,
    profile: null,
    agent: { program: [process.execPath, join(import.meta.dirname, "../src/main.ts")], env: {} },
    limits: {},
    microphone: microphoneOf(values.microphone, lane),
    folder: join(folder, String(lane)),
    machine,
  }),
);
say(`${faults} faults of ${kinds.length} kinds, seed ${values.seed}, ${lanes} agents; logs in ${folder}`);
const outcomes = await Promise.allSettled(
  plans.map(async (plan) => {
    // Not all at once: the start of three programs a lane is more than a small machine does in passing.
    await pause(systemClock, plan.lane * betweenLanesMs, stop.signal);
    return runLaneProcess(plan, say, stop.signal);
  }),
);
const results = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
process.exitCode = tell(results, stop.signal.aborted ? [`stopped by ${String(stop.signal.reason)}`] : failures);

/** Prints it all. @returns the exit code */
function tell(finished: readonly LaneResult[], broken: readonly string[]): number {
  const summary = summarise(finished);
  const wrong = [...broken, ...accusations(finished)];
  for (const each of wrong) say(each);
  const heldUpMs = Math.max(0, ...finished.map((lane) => lane.heldUpMs));
  if (heldUpMs > toleratedMs) {
    say(`this machine was too busy: programs were held up for up to ${Math.round(heldUpMs)} ms, recorders among them`);
  }
  if (wrong.length > 0 && !stop.signal.aborted)
    say(`to run it again: scripts/campaign ${process.argv.slice(2).join(" ")}; logs in ${folder}`);
  else if (!values.keep) rmSync(folder, { recursive: true, force: true });
  process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : table(rowsOf(finished), summary, finished));
  return wrong.length > 0 ? 1 : 0;
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}
