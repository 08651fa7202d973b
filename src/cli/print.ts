import type { Writable } from "node:stream";
import { exitCodes } from "./exit-code.ts";

/**
 * Writes a command's answer.
 * @returns whether it could be written: false where the disk is full, or the reader has gone away
 */
export function print(text: string, stream: Writable = process.stdout): Promise<boolean> {
  return new Promise((resolve) => {
    stream.write(text, (error) => resolve(error === null || error === undefined));
  });
}

/**
 * Prints the answer that a command is there for; says so, and has the command fail, where it cannot be written.
 * @returns whether it could be
 */
export async function answer(text: string, stream: Writable = process.stdout): Promise<boolean> {
  if (await print(text, stream)) return true;
  await print("the answer could not be written to standard output\n", process.stderr);
  process.exitCode = exitCodes.failed;
  return false;
}

/** JSON that steers no terminal: what JSON leaves as it is of the characters that might is escaped. It says the same. */
export function steadyJson(value: object): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
