import { Fault, type FaultCode, printable } from "./fault.ts";

const full = "Free some space: look for what fills the disk (try: df -h, du -xh / | sort -h | tail).";
const readOnly =
  "The system mounts a disk read-only when it finds it damaged: look in the kernel's log (dmesg), check or replace the card.";
const denied = "Let state_dir be a folder that the agent's user owns.";
const failing = "Check or replace the disk or card; the kernel's log (dmesg) tells more.";

/** What errors of the file system mean, by their names: the one table of them. */
const meanings: Readonly<Record<string, readonly [code: FaultCode, says: string, hint: string]>> = {
  ENOSPC: ["disk-full", "there is no space left", full],
  EDQUOT: ["disk-full", "the quota of this user is used up", full],
  EROFS: ["disk-read-only", "the disk is mounted read-only", readOnly],
  EACCES: ["disk-denied", "this user may not write there", denied],
  EPERM: ["disk-denied", "this user may not write there", denied],
  ENOENT: ["disk-denied", "the folder is not there and cannot be made", denied],
  ENOTDIR: ["disk-denied", "there is a file where a folder should be", denied],
  EIO: ["disk-failed", "the disk reports an error", failing],
};

/** The system's name for what it has thrown: ENOENT; "" where it is not its own. */
export function errorName(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Whether there is no such file; a file where the folder should be is as good as no folder. */
export function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errorName(error));
}

/** What the file system's error of this name means, in words; undefined: it is none that is known. */
export function meaningOf(name: string): string | undefined {
  return meanings[name]?.[1];
}

/** A disk that takes longer than this is not waited for where somebody waits for an answer. */
export const diskPatienceMs = 2_000;

/**
 * Why a disk cannot be used, from what the file system has thrown.
 * @param what the beginning of the message: "/var/lib/x cannot be written"
 */
export function diskFault(what: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const [code, says, hint] = meanings[errorName(error)] ?? [
    "disk-failed",
    printable(error instanceof Error ? error.message : String(error), 100),
    failing,
  ];
  return new Fault(code, `${what}: ${says}`, { hint, cause: error });
}
