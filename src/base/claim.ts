import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { errorName } from "./disk-fault.ts";
import { Fault } from "./fault.ts";
import { makeFolderSync } from "./make-folder.ts";

export const claimName = "owner";
/** Others that start at the same moment take fewer. */
const mostTries = 50;

/**
 * Takes the folder for this process, and creates it. Two agents on one folder would both recognise, and tell, what it holds.
 * @param said goes on from "another agent (process 17)": what it does with the folder, and what follows for this one
 * @throws Fault `disk-in-use` if another living process has it; what the file system throws
 */
export function claim(folder: string, said: string): void {
  makeFolderSync(folder);
  const file = path.join(folder, claimName);
  const mine = JSON.stringify({ pid: process.pid, start: startOf(process.pid) });
  // Of two that start at once, one creates the file. What it holds counts: the other one may have seen it empty, and
  // taken it away.
  for (let tries = 1; !create(file, mine) || read(file) !== mine; tries += 1) {
    if (tries === mostTries) throw new Error(`${file} cannot be read by who has written it`);
    const owner = ownerOf(read(file));
    if (owner !== null && livesElsewhere(owner)) {
      throw new Fault("disk-in-use", `another agent (process ${owner.pid}) ${said}`, {
        hint: "Stop the other agent, or give each a state_dir of its own; then restart this one.",
      });
    }
    takeAway(file);
  }
}

/** Removes what an agent has left that is gone. */
function takeAway(file: string): void {
  const aside = `${file}.${process.pid}`;
  if (!move(file, aside)) return;
  // Since it was looked at, another one may have put its own there: nobody changes it where it is now.
  const owner = ownerOf(read(aside));
  if (owner !== null && livesElsewhere(owner)) move(aside, file);
  else rmSync(aside, { force: true });
}

/** @returns false if it was not there: another one was faster */
function move(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errorName(error) === "ENOENT") return false;
    throw error;
  }
}

/** @returns false if there is such a file */
function create(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (errorName(error) === "EEXIST") return false;
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

function livesElsewhere({ pid, start }: Owner): boolean {
  return pid !== process.pid && startOf(pid) === start;
}

/** @returns "" if it is not there */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Whom such a file names; null: it is none. */
export function ownerOf(text: string): Owner | null {
  try {
    const content: unknown = JSON.parse(text);
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
