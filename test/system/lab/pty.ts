import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Two serial ports that are wired to each other. Disposing takes them away. */
export interface PtyPair extends AsyncDisposable {
  readonly ours: string;
  readonly theirs: string;
}

/** Needs socat. */
export async function openPtyPair(): Promise<PtyPair> {
  const socat = spawn("socat", ["-d", "-d", "pty,raw,echo=0", "pty,raw,echo=0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(socat, "exit");
  const ports: string[] = [];
  for await (const line of createInterface(socat.stderr)) {
    const port = /PTY is (\S+)/.exec(line)?.[1];
    if (port !== undefined) ports.push(port);
    if (line.includes("starting data transfer loop")) break;
  }
  const [ours, theirs] = ports;
  if (ours === undefined || theirs === undefined) throw new Error("socat gave no pair of ports");
  return {
    ours,
    theirs,
    async [Symbol.asyncDispose]() {
      socat.kill();
      await exited;
    },
  };
}
