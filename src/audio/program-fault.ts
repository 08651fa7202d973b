import { errorName } from "../base/disk-fault.ts";
import { Fault, printable } from "../base/fault.ts";

/** A program of ALSA's or SoX's that records or plays, as its faults name it. */
interface SoundProgram {
  readonly role: "recorder" | "player";
  readonly name: string;
  /** Debian's, that brings it. */
  readonly debian: string;
}

/** It could not be started. @param error what `spawn` said */
export function startFault({ role, name, debian }: SoundProgram, error: Error): Fault {
  if (errorName(error) === "ENOENT") {
    return new Fault(`${role}-missing`, `${name} is not installed`, { hint: `sudo apt-get install ${debian}` });
  }
  return new Fault(`${role}-failed`, `${name} could not be started: ${printable(error.message)}`, { cause: error });
}

/** It has ended without being asked to, for no reason that its words tell. @param said the last of them, in brackets */
export function exitFault(
  { role, name }: Pick<SoundProgram, "role" | "name">,
  { code, signal }: { readonly code: number | null; readonly signal: string | null },
  said: string,
): Fault {
  const how = signal === null ? `ended by itself, exit code ${code}` : `was ended by ${signal}`;
  return new Fault(`${role}-failed`, `${name} ${how}${said}`, {
    hint: `what the ${role} said is in the log at level debug`,
  });
}
