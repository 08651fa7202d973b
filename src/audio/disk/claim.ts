import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "../../base/fault.ts";
import { makeFolderSync } from "../../base/make-folder.ts";

const claimName = "owner";

/**
 * Takes the folder for this process, and creates it. Two agents on one folder would both recognise what it holds.
 * @throws Fault `disk-in-use` if another living process has it; what the file system throws
 */
export function claim(folder: string): void {
  makeFolderSync(folder);
  const file = path.join(folder, claimName);
  const mine = JSON.stringify({ pid: process.pid, start: startOf(process.pid) });
  // Of two that start at once, only one can create the file.
  while (!create(file, mine)) {
    const owner = ownerIn(file);
    if (owner !== null && owner.pid !== process.pid && startOf(owner.pid) === owner.start) {
      const message = `another agent (process ${owner.pid}) keeps its sound in ${folder}: this one keeps it in memory only`;
      throw new Fault("disk-in-use", message, {
        hint: "Stop the other agent, or give each a state_dir of its own; then restart this one.",
      });
    }
    rmSync(file, { force: true });
  }
}

/** @returns false if there is such a file */
function create(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Lets go of a folder that was claimed. */
export function unclaim(folder: string): void {
  try {
    rmSync(path.join(folder, claimName), { force: true });
  } catch {
    // The next one will see that this process is gone.
  }
}

interface Owner {
  readonly pid: number;
  readonly start: string;
}

function ownerIn(file: string): Owner | null {
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof content !== "object" || content === null || !("pid" in content) || !("start" in content)) return null;
    const { pid, start } = content;
    return typeof pid === "number" && Number.isInteger(pid) && typeof start === "string" ? { pid, start } : null;
  } catch {
    return null;
  }
}

/** What tells a process from all others, before and after a reboot, that had or will have its number; empty: there is none. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // After the program's name, which may hold anything, the 20th value: when it was started.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "";
  }
}
