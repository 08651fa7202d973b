import { spawn } from "node:child_process";
import { once } from "node:events";
import { Fault } from "../base/fault.ts";

/**
 * Takes a file for this process alone, until it is disposed. The kernel lets go of it whatever ends the process, and with
 * the power: nothing is left behind that would have to be judged.
 * @param file there, and not readable by those who must not be able to take it
 * @param wait for another one to let go of it
 * @returns null: another one has it
 * @throws {Fault} `update-failed` where it cannot be tried. Source: flock(1)
 */
export async function lockFile(file: string, wait: boolean): Promise<AsyncDisposable | null> {
  // Node cannot lock: a child does, for as long as its standard input is open, and whatever becomes of the terminal.
  const holder = spawn("flock", [...(wait ? [] : ["-n"]), file, "cat"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  const end = once(holder, "close").then(
    ([code]) => Number(code),
    (error: unknown) => String(error),
  );
  holder.stdin.on("error", () => {}); // it has ended: `end` tells
  holder.stdin.write("\n");
  const locked = once(holder.stdout, "data").then(() => null);
  const told = await Promise.race([locked, end]);
  if (told === 1) return null;
  if (told !== null)
    throw new Fault("update-failed", `${file} cannot be locked: flock says ${told}`, {
      hint: "the program flock (of util-linux, or busybox) must be there",
    });
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await end;
    },
  };
}
