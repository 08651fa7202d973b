import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { claimName, ownerOf } from "../../base/claim.ts";
import type { Clock } from "../../base/clock.ts";
import type { Configuration } from "../../config/load.ts";

/** What is examined, and what checks need for it. */
export interface Patient {
  readonly configuration: Configuration;
  readonly clock: Clock;
  /** The process of an agent that runs on the same state_dir: it is not to be disturbed. null: none is known. */
  readonly agentPid: number | null;
}

/** The agent that runs on `stateDir`; null: none does, or it cannot be told. */
export async function runningAgent(stateDir: string): Promise<number | null> {
  const pid = ownerOf(await readFile(join(stateDir, claimName), "utf8").catch(() => ""))?.pid;
  if (pid === undefined) return null;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.split("\0").includes("run") ? pid : null;
}
