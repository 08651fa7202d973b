import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Arch } from "./arch.ts";

export interface PackOptions {
  /** A script that needs nothing beside it. */
  readonly code: string;
  /** The executable of Node, of exactly the version that runs this. */
  readonly node: Uint8Array;
  readonly arch: Arch;
  /** A folder on the disk where the result is wanted. */
  readonly near: string;
}

const pkg = path.join(import.meta.dirname, "../../node_modules/@yao-pkg/pkg/lib-es5/bin.js");
const script = "sis-agent.cjs";

/**
 * Has pkg put a script into a Node ("simple SEA mode": the script is all there is). pkg wants to download Node by itself,
 * without our lock file: it is given a home of its own, whose cache holds ours already.
 * @returns the executable; disposing removes it, unless it was moved away
 */
export async function pack({
  code,
  node,
  arch,
  near,
}: PackOptions): Promise<{ readonly file: string } & AsyncDisposable> {
  // The script's path becomes part of the result: it has the same length everywhere, and is overwritten below.
  const desk = mkdtempSync(path.join(realpathSync("/tmp"), "sis-agent-"));
  const home = mkdtempSync(path.join(near, ".build-"));
  const file = path.join(home, "sis-agent");
  const release = `node-v${process.versions.node}-linux-${arch}`;
  const cache = path.join(home, ".pkg-cache/sea");
  const cleanUp = async () => rmSync(home, { recursive: true, force: true });
  try {
    mkdirSync(path.join(cache, release, "bin"), { recursive: true });
    writeFileSync(path.join(cache, release, "bin/node"), node, { mode: 0o755 });
    for (const name of [`${release}/bin/node.ok`, `${release}.tar.gz`, `${release}.tar.gz.ok`])
      writeFileSync(path.join(cache, name), "");
    writeFileSync(path.join(desk, script), code);
    const target = `node${process.versions.node}-linux-${arch}`;
    await runPkg(["--sea", script, "--targets", target, "--output", file], desk, home);
    const packed = readFileSync(file);
    forget(packed, path.join(desk, script));
    writeFileSync(file, packed, { mode: 0o755 });
    rmSync(cache, { recursive: true });
    return { file, [Symbol.asyncDispose]: cleanUp };
  } catch (error) {
    await cleanUp();
    throw error;
  } finally {
    rmSync(desk, { recursive: true, force: true });
  }
}

async function runPkg(args: readonly string[], cwd: string, home: string): Promise<void> {
  const child = spawn(process.execPath, [pkg, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: home, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`pkg failed:\n${(await said).join("")}`);
}

/** Writes a path without chance in it over the path by which Node's blob names the script in stack traces. */
function forget(packed: Buffer, place: string): void {
  const neutral = `/${"sis-agent".padEnd(place.length - script.length - 2, "_")}/${script}`;
  let found = 0;
  for (let at = packed.indexOf(place); at >= 0; at = packed.indexOf(place, at + 1)) {
    packed.write(neutral, at);
    found += 1;
  }
  if (found === 0) throw new Error("the packed program does not hold its script's path where it was expected");
}
