import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

/** Programs of the system are not on every user's path. */
const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
const megabytes = 32;

/** A file system of its own whose writes can be made to hang, as a dying memory card's do. */
export interface FreezingDisk extends Disposable {
  /** A folder on it. */
  readonly folder: string;
  /** From now on whoever writes waits, and cannot even be killed, until what this returns is disposed. */
  freeze(): Disposable;
}

/** @returns null: there is none on this machine, the test is skipped */
export function freezingDisk(t: TestContext): FreezingDisk | null {
  const lack = (why: string) => {
    t.skip(why);
    return null;
  };
  if (process.getuid?.() !== 0) return lack("only root can mount a disk");
  const base = mkdtempSync(path.join(tmpdir(), "sis-agent-freezing-"));
  const image = path.join(base, "image");
  const folder = path.join(base, "disk");
  mkdirSync(folder);
  const steps = [
    ["truncate", "-s", `${megabytes}M`, image],
    ["mkfs.ext4", "-q", image],
    ["mount", "-o", "loop", image, folder],
  ] as const;
  for (const [program, ...words] of steps) {
    const { status, error, stderr } = spawnSync(program, words, { env, encoding: "utf8" });
    if (status === 0) continue;
    rmSync(base, { recursive: true, force: true });
    return lack(`${program}: ${error?.message ?? stderr.trim()}`);
  }
  return {
    folder,
    freeze() {
      execFileSync("fsfreeze", ["--freeze", folder], { env });
      return { [Symbol.dispose]: () => void execFileSync("fsfreeze", ["--unfreeze", folder], { env }) };
    },
    [Symbol.dispose]() {
      execFileSync("umount", [folder], { env });
      rmSync(base, { recursive: true, force: true });
    },
  };
}
