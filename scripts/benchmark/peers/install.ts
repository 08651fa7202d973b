import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const folder = new URL("./clients/", import.meta.url);
const lockFile = new URL("package-lock.json", folder);
const stamp = new URL("node_modules/.lock-stamp", folder);

/**
 * Installs the public clients where they are not, exactly as locked, and runs none of their scripts.
 * @returns null, or in one line why that was not possible
 */
export async function installClients(say: (text: string) => void): Promise<string | null> {
  const wanted = createHash("sha256").update(readFileSync(lockFile)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return null;
  say("installing the public clients (npm ci)");
  const words = [
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--loglevel=error",
    "--fetch-retries=1",
  ];
  const child = spawn("npm", words, { cwd: fileURLToPath(folder), stdio: ["ignore", "ignore", "pipe"] });
  const complaint = text(child.stderr);
  try {
    await once(child, "exit");
    if (child.exitCode !== 0) return `npm ci failed: ${(await complaint).trim().split("\n")[0] ?? ""}`;
  } catch (error) {
    return `npm cannot be run: ${error instanceof Error ? error.message : String(error)}`;
  }
  writeFileSync(stamp, wanted);
  return null;
}

/** A client's version, as locked. */
export function lockedVersion(packageName: string): string {
  const lock: unknown = JSON.parse(readFileSync(lockFile, "utf8"));
  // npm wrote it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { packages } = lock as { readonly packages: Readonly<Record<string, { readonly version?: string }>> };
  return packages[`node_modules/${packageName}`]?.version ?? "";
}
