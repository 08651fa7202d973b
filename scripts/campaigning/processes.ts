import { readdirSync, readFileSync } from "node:fs";

/** The children of a process. A child that is gone but not waited for is none. */
export function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isChild(pid, parent));
}

function isChild(pid: number, parent: number): boolean {
  try {
    const [, state, ppid] = /^\d+ \(.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    return Number(ppid) === parent && state !== "Z";
  } catch {
    return false;
  }
}

/** Sends a signal to a process that may have ended in the meantime. @returns whether it was still there */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
