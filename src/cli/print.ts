import type { Writable } from "node:stream";

/** Writes a command's answer and resolves when its reader has it, or has gone away. */
export function print(text: string, stream: Writable = process.stdout): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}
