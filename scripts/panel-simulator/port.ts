import { spawn } from "node:child_process";
import { existsSync, lstatSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** A serial port that is not one, by socat: what the other side of `path` sends comes here, and the other way round. */
export interface PortEnd extends AsyncDisposable {
  send(bytes: Uint8Array): void;
  onBytes(listener: (bytes: Uint8Array) => void): void;
}

/** Plugs a device in at `path`; disposing pulls it out. Needs socat. @throws where there is none, or something else at `path` */
export async function plugIn(path: string): Promise<PortEnd> {
  // socat would delete it.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false)
    throw new Error(`${path} is there already`);
  const socat = spawn("socat", ["-", `pty,raw,echo=0,link=${path}`], { stdio: ["pipe", "pipe", "inherit"] });
  const over = new Promise<void>((resolve) => {
    socat.once("close", () => resolve()).once("error", () => resolve());
  });
  const gone = new AbortController();
  void over.finally(() => gone.abort());
  while (!existsSync(path)) {
    if (gone.signal.aborted) throw new Error(`socat cannot make ${path}: is it installed, and may you write there?`);
    await setTimeout(10);
  }
  socat.stdin.on("error", () => {}); // it may be gone already
  return {
    send: (bytes) => void socat.stdin.write(bytes),
    onBytes: (listener) => void socat.stdout.on("data", listener),
    async [Symbol.asyncDispose]() {
      socat.kill();
      await over;
    },
  };
}
