import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Arch, hostArch } from "../../../scripts/build/arch.ts";
import { buildBinary } from "../../../scripts/build/binary.ts";
import { missing } from "./processes.ts";

const arm64Libraries = "/usr/aarch64-linux-gnu";

/** Says what running a binary for `arch` needs and is not installed; false when all is. */
export function missingFor(arch: Arch): string | false {
  if (arch === hostArch()) return missing("npm", "tar");
  if (arch === "x64") return "this machine cannot run x64 programs";
  return (
    missing("npm", "tar", "qemu-aarch64-static") ||
    (!existsSync(`${arm64Libraries}/lib/libstdc++.so.6`) && "not installed: libstdc++6-arm64-cross")
  );
}

/** The packaged program; disposing removes it. */
export interface Binary extends AsyncDisposable {
  readonly file: string;
  /** What runs it, on this machine. */
  readonly program: readonly [file: string, ...args: string[]];
}

/** @param entry the file that the program starts with; default: the agent's own */
export async function builtBinary(arch: Arch, entry?: string): Promise<Binary> {
  const out = await mkdtemp(join(tmpdir(), "sis-agent-binary-"));
  const file = await buildBinary({ arch, out, ...(entry !== undefined && { entry }), say: () => {} });
  return {
    file,
    program: arch === hostArch() ? [file] : ["qemu-aarch64-static", "-L", arm64Libraries, file],
    [Symbol.asyncDispose]: () => rm(out, { recursive: true, force: true }),
  };
}

/** Nothing of a user's own: an unwritable HOME, even for root. */
export const bareEnvironment = { PATH: process.env["PATH"] ?? "", HOME: "/proc/nowhere" };
