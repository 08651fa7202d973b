/** A lane of the campaign in a process of its own. Its plan comes, and its result goes, by IPC. */
import { type LanePlan, type LaneResult, runLane } from "./lane.ts";
import { childrenOf, signal } from "./processes.ts";

/** What a lane's process tells the campaign. */
export type LaneMessage =
  | { readonly type: "progress"; readonly words: string }
  | { readonly type: "result"; readonly result: LaneResult }
  | { readonly type: "failed"; readonly why: string };

function tell(message: LaneMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

let agent: { readonly pid: number | null } | null = null;
// However this process ends, its agent ends with it.
process.on("exit", () => {
  const pid = agent?.pid ?? null;
  // A recorder that is stopped would stay so for ever.
  for (const each of pid === null ? [] : [...childrenOf(pid), pid]) signal(each, "SIGKILL");
});
// The campaign is gone, or has been stopped: the namespaces and all that is in them go with this process.
process.on("disconnect", () => process.exit(1));
// Ctrl-C is for the campaign; it lets go of us.
process.on("SIGINT", () => {});

process.once("message", (plan: LanePlan) => {
  runLane(
    plan,
    (scene) => {
      agent = scene.agent;
    },
    (words) => void tell({ type: "progress", words }),
  )
    .then((result) => tell({ type: "result", result }))
    .catch((error: unknown) =>
      tell({ type: "failed", why: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
    .finally(() => process.exit());
});
