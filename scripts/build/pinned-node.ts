import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Arch } from "./arch.ts";

const run = promisify(execFile);

/**
 * A file of the Node that the lock file pins, for any processor: out of npm's package of it, whose bytes are the ones that
 * the lock file vouches for. Packages are kept in .cache/node, and checked each time.
 * @throws {Error} where it cannot be had, or is not what the lock file says
 */
export async function pinnedNode(root: string, arch: Arch, file: "bin/node" | "LICENSE"): Promise<Buffer> {
  const name = `node-linux-${arch}`;
  const { version, integrity } = locked(root, name);
  const cache = path.join(root, ".cache/node");
  const tarball = path.join(cache, `${name}-${version}.tgz`);
  if (!existsSync(tarball) || integrityOf(readFileSync(tarball)) !== integrity) {
    await download(`${name}@${version}`, cache, path.basename(tarball), integrity);
  }
  const { stdout } = await run("tar", ["-xzOf", tarball, `package/${file}`], {
    encoding: "buffer",
    maxBuffer: 512 * 1024 * 1024,
  });
  return stdout;
}

async function download(what: string, cache: string, file: string, integrity: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, "download-"));
  try {
    const pack = ["pack", what, "--pack-destination", folder, "--prefer-offline", "--loglevel=error"];
    await run("npm", pack, { cwd: folder }).catch((error: unknown) => {
      const hint = "npm's registry must be reached once for each processor and version of Node.";
      throw Object.assign(new Error(`${what} cannot be had from npm`, { cause: error }), { hint });
    });
    const found = integrityOf(readFileSync(path.join(folder, file)));
    if (found !== integrity) throw new Error(`${what} is not what package-lock.json says: ${found}, not ${integrity}`);
    renameSync(path.join(folder, file), path.join(cache, file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Subresource integrity, as npm writes it. */
function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

function locked(root: string, name: string): { readonly version: string; readonly integrity: string } {
  const lock: unknown = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  const entry = memberOf(memberOf(lock, "packages"), `node_modules/${name}`);
  const [version, integrity] = [memberOf(entry, "version"), memberOf(entry, "integrity")];
  if (typeof version !== "string" || typeof integrity !== "string" || !integrity.startsWith("sha512-"))
    throw new Error(`package-lock.json does not hold ${name} with its SHA-512`);
  return { version, integrity };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : null;
}
