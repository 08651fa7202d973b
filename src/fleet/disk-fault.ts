import { Fault, printable } from "../base/fault.ts";

const full = "Free some space: look for what fills the disk (try: df -h, du -xh / | sort -h | tail).";
const readOnly =
  "The system mounts a disk read-only when it finds it damaged: look in the kernel's log (dmesg), check or replace the card.";
const denied = "Let the agent's user write there: state_dir must be a folder of its own.";

const words: Readonly<Record<string, readonly ["disk-full" | "disk-read-only" | "disk-failed", string, string]>> = {
  ENOSPC: ["disk-full", "there is no space left", full],
  EDQUOT: ["disk-full", "the quota of this user is used up", full],
  EROFS: ["disk-read-only", "the disk is mounted read-only", readOnly],
  EACCES: ["disk-failed", "this user may not write there", denied],
  EPERM: ["disk-failed", "this user may not write there", denied],
  ENOENT: ["disk-failed", "the folder is not there and cannot be made", denied],
  EIO: [
    "disk-failed",
    "the disk reports an error",
    "Check or replace the disk or card; the kernel's log (dmesg) tells more.",
  ],
};

/** Why a file cannot be written, from the error of the operating system. */
export function diskFault(path: string, error: unknown): Fault {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [faultCode, says, hint] = words[code] ?? [
    "disk-failed",
    printable(error instanceof Error ? error.message : String(error), 100),
    "Look at the disk that state_dir is on.",
  ];
  return new Fault(faultCode, `${printable(path)} cannot be written: ${says}`, { hint, cause: error });
}
