import { Fault, type FaultCode, printable } from "../../base/fault.ts";

const meanings: Readonly<Record<string, readonly [FaultCode, string, string]>> = {
  ENOSPC: ["disk-full", "the disk is full", "Make room on it, or let buffer.disk_megabytes be less than what is free."],
  EDQUOT: ["disk-full", "the disk quota is used up", "Raise the quota, or lower buffer.disk_megabytes."],
  EROFS: [
    "disk-read-only",
    "the file system is read-only",
    "Memory cards become read-only when they fail: check the card, and that state_dir is on a writable file system.",
  ],
  EACCES: ["disk-denied", "the agent may not write there", "Let the agent's user own state_dir."],
  EPERM: ["disk-denied", "the agent may not write there", "Let the agent's user own state_dir."],
  ENOENT: ["disk-denied", "the folder is not there", "Create state_dir, owned by the agent's user."],
  ENOTDIR: ["disk-denied", "there is a file where a folder should be", "Move it away, or choose another state_dir."],
};

/** What the file system's error means for the sound that should be kept in `folder`. */
export function diskFault(error: unknown, folder: string): Fault {
  if (error instanceof Fault) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const [fault, meaning, hint] = meanings[code] ?? [
    "disk-failed",
    error instanceof Error ? printable(error.message) : "unknown error",
    "Check the disk or memory card.",
  ];
  const message = `sound cannot be kept on disk in ${folder}: ${meaning}`;
  return new Fault(fault, message, { hint: `${hint} Until then sound is kept in memory only.`, cause: error });
}

/** The disk takes what it is given, but too slowly. */
export function slowDisk(folder: string): Fault {
  return new Fault("disk-slow", `sound cannot be kept on disk in ${folder}: it is too slow`, {
    hint: "Look for other load on the disk or memory card, or replace it. Until then sound is kept in memory only.",
  });
}
