import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LanePlan, LaneResult } from "./lane.ts";
import type { LaneMessage } from "./lane-process.ts";
import { intoNamespaces, untoDeath } from "./surroundings.ts";

/** Runs a lane in a process of its own, where possible in a network and file systems of its own. */
export async function runLaneProcess(
  plan: LanePlan,
  onProgress: (words: string) => void,
  stop: AbortSignal,
): Promise<LaneResult> {
  stop.throwIfAborted();
  mkdirSync(plan.folder, { recursive: true });
  const child = spawnLane(plan);
  const onStop = () => child.disconnect();
  stop.addEventListener("abort", onStop, { once: true });
  try {
    return await resultOf(child, plan, onProgress);
  } finally {
    stop.removeEventListener("abort", onStop);
  }
}

function spawnLane({ machine, folder }: LanePlan): ChildProcess {
  const words = [
    ...(machine.namespaces ? intoNamespaces : []),
    ...(machine.pdeathsig ? untoDeath : []),
    process.execPath,
    join(import.meta.dirname, "lane-process.ts"),
  ];
  const [program = "", ...args] = words;
  // Temporary files of the lane's parts go where the campaign clears up.
  return spawn(program, args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, TMPDIR: folder },
  });
}

function resultOf(child: ChildProcess, plan: LanePlan, onProgress: (words: string) => void): Promise<LaneResult> {
  const { promise, resolve, reject } = Promise.withResolvers<LaneResult>();
  child.on("message", (message: LaneMessage) => {
    if (message.type === "progress") onProgress(`lane ${plan.lane}: ${message.words}`);
    if (message.type === "result") resolve(message.result);
    if (message.type === "failed") reject(new Error(`lane ${plan.lane}: ${message.why}`));
  });
  child.on("error", reject);
  child.on("exit", (code, signal) =>
    reject(new Error(`lane ${plan.lane} ended early: ${signal ?? `exit code ${code}`}`)),
  );
  child.send(plan);
  return promise;
}
