import type { ChildProcess } from "node:child_process";
import { type Clock, pause } from "../base/clock.ts";

/** How long a child may take to obey TERM. */
const graceMs = 500;
/** How long the kernel may take after KILL; a process that a driver holds up in the kernel can take for ever. */
const kernelMs = 2_000;

/**
 * Ends a child and awaits its end: CONT, because a stopped process hears nothing else, TERM, KILL. Its pipes are closed.
 * @param gone aborts when the child has exited, or never was; may have already
 * @returns false when even KILL did not end it within 2 s: it is let go, and no longer keeps our process alive
 */
export async function reap(child: ChildProcess, gone: AbortSignal, clock: Clock): Promise<boolean> {
  // A child that writes without end must not fill our memory, nor wait on a full pipe, while it is being ended.
  child.stdout?.destroy();
  if (!gone.aborted) {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    await pause(clock, graceMs, gone);
  }
  if (!gone.aborted) {
    child.kill("SIGKILL");
    await pause(clock, kernelMs, gone);
  }
  child.stdin?.destroy();
  child.stderr?.destroy();
  if (!gone.aborted) child.unref();
  return gone.aborted;
}
