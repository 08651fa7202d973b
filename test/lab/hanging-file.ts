import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A file on a disk that hangs: whoever opens it, to read or to write, waits, in a real thread, until this is disposed;
 * then it is gone. (A pipe with nobody at its other end.) Four who wait hold up all threads of the process.
 */
export function hangingFile(path: string): Disposable {
  mkdirSync(dirname(path), { recursive: true });
  execFileSync("mkfifo", [path]);
  return {
    [Symbol.dispose]() {
      if (!existsSync(path)) return;
      const handle = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      rmSync(path);
      // Whoever has found the name by now, and not opened it yet, is to find this end open.
      setTimeout(() => closeSync(handle), 2_000).unref();
    },
  };
}
