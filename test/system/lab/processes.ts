import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Says which of the programs are not installed; false when all are: fits node:test's `skip`. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  return absent.length === 0 ? false : `not installed: ${absent.join(", ")}`;
}

/** The processes whose environment holds `text`, without our own. A zombie has no environment: see `zombies`. */
export function processesWith(text: string): number[] {
  return pids().filter((pid) => pid !== process.pid && read(`/proc/${pid}/environ`).includes(text));
}

/** Children of `parent`, by their program's name, that nobody has waited for. */
export function zombies(parent = process.pid): string[] {
  return pids().flatMap((pid) => {
    const [, name, state, ppid] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(read(`/proc/${pid}/stat`)) ?? [];
    return state === "Z" && Number(ppid) === parent && name !== undefined ? [name] : [];
  });
}

/** Looks again and again until `done` holds. @throws after `withinMs` */
export async function eventually(done: () => boolean, what: string, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await setTimeout(10);
  }
}

function pids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Empty where the process is gone, or not ours to look at. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
