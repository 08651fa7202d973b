import type { ChildProcess } from "node:child_process";
import { type Clock, pause } from "../base/clock.ts";

/** How a program that records or plays came to its end, or never began. */
export type ChildEnd =
  | { readonly type: "error"; readonly error: Error }
  | { readonly type: "exited"; readonly code: number | null; readonly signal: string | null };

/** Pipes are read to their end after the exit, last words among it; but a child of the child may hold them open. */
const drainMs = 500;

/**
 * Watches over a child from its start.
 * @param tell called when it is over and its pipes are read, or when it could not be started
 * @returns aborts when the child has exited, or never was
 */
export function watchChild(child: ChildProcess, clock: Clock, tell: (end: ChildEnd) => void): AbortSignal {
  const gone = new AbortController();
  const drained = new AbortController();
  child.on("close", () => drained.abort());
  child.on("error", (error) => {
    if (child.pid === undefined) gone.abort();
    tell({ type: "error", error });
  });
  child.on("exit", (code, signal) => {
    gone.abort();
    void pause(clock, drainMs, drained.signal).then(() => tell({ type: "exited", code, signal }));
  });
  return gone.signal;
}
