import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../build/binary.ts";
import { type Profile, possible, suitable } from "../../campaigning/draw.ts";
import { type KindName, kindNames, kindOf } from "../../campaigning/kinds.ts";
import type { LanePlan } from "../../campaigning/lane.ts";
import { agentLog, stateFolder } from "../../campaigning/scene.ts";
import type { Machine } from "../../campaigning/surroundings.ts";
import type { SoakOptions } from "./options.ts";

/** Memory that a longer outage overflows, and pauses that end a segment each. */
const usual = { memorySeconds: 30, catchUpRate: 3, everyMs: 1200, digits: 5, vadTailMs: 500 } as const;

/**
 * Agents take these in turn. With a token, sessions follow one another before each token's end; in sentence mode, after each
 * sentence.
 */
const profiles: readonly [Profile, ...Profile[]] = [
  { ...usual, mode: "continuous", auth: "password", format: "pcm16k16bit", disk: "outage" },
  { ...usual, mode: "continuous", auth: "password", format: "alaw16k8bit", disk: "always" },
  { ...usual, mode: "sentence", auth: "password", format: "pcm16k16bit", disk: "outage" },
  { ...usual, mode: "continuous", auth: "password", format: "pcm8k16bit", disk: "always" },
  { ...usual, mode: "continuous", auth: "aksk", format: "pcm16k16bit", disk: "outage" },
  { ...usual, mode: "continuous", auth: "password", format: "pcm16k16bit", disk: "always" },
];

/** In a lane's folder: what the sampler in the agent's process writes. */
export function samplesFile(folder: string): string {
  return join(folder, "samples.jsonl");
}

/** What the service's unit gives to the agent. */
function unitEnvironment(): Readonly<Record<string, string>> {
  const unit = readFileSync(join(root, "device/systemd/sis-agent.service"), "utf8");
  const environment: Record<string, string> = {};
  for (const [, line = ""] of unit.matchAll(/^Environment=(.*)$/gm))
    for (const [, name = "", value = ""] of line.matchAll(/(\w+)=(\S+)/g)) environment[name] = value;
  return environment;
}

/** About four hundred samples a run, and no more than one a second. */
const samplesInRun = 400;
const paces = {
  real: { faultEveryMs: 180_000, tokenMs: 900_000 },
  accelerated: { faultEveryMs: 15_000, tokenMs: 60_000 },
} as const;

/**
 * A plan for each agent, and the last for one more, which has no faults: what a second of sound takes is told by it alone.
 * @param programs the agent's bundle, and the sampler's
 */
export function soakPlans(
  { hours, agents, accelerated, seed }: SoakOptions,
  folder: string,
  machine: Machine,
  programs: { readonly agent: string; readonly sampler: string },
): LanePlan[] {
  const pace = accelerated ? paces.accelerated : paces.real;
  const runMs = hours * 3_600_000;
  const environment = unitEnvironment();
  return Array.from({ length: agents + 1 }, (_, lane): LanePlan => {
    const calm = lane === agents;
    const profile = calm ? profiles[0] : (profiles[lane % profiles.length] ?? profiles[0]);
    const own = join(folder, String(lane));
    return {
      lane,
      seed: `${seed} ${lane}`,
      ordeal: { forMs: runMs, everyMs: calm ? runMs : pace.faultEveryMs },
      kinds: suitable(possible(survivable(accelerated), machine.meets), profile, machine.meets),
      profile,
      agent: {
        program: [process.execPath, "--import", programs.sampler, programs.agent],
        env: {
          ...environment,
          SOAK_SAMPLES: samplesFile(own),
          SOAK_STATE: stateFolder(own),
          SOAK_LOG: agentLog(own),
          SOAK_PROFILE_MS: String(calm ? Math.round(runMs / 3) : 0),
          SOAK_EVERY_MS: String(Math.round(Math.max(1000, runMs / samplesInRun))),
        },
      },
      limits: calm ? {} : { tokenMs: pace.tokenMs },
      microphone: "stand-in",
      folder: own,
      machine,
    };
  });
}

/** One process has to live through it all. */
function survivable(quickly: boolean): KindName[] {
  const ends = new Set<KindName>(["agent-sigkill", "agent-sigterm"]);
  return kindNames.filter((name) => !ends.has(name) && !(quickly && kindOf(name).waits === "long"));
}
