// Part of the packaged program, which has no file of an addon to load.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";

/**
 * Loads a native addon from its bytes: by way of a file in a folder that only we can open, gone when it is loaded.
 * The folder is made in the first place that takes it and lets code be run from it: the service's cache folder
 * ($CACHE_DIRECTORY, systemd.exec(5)), the folder for temporary files, ~/.cache.
 * @returns the addon's exports
 * @throws {Error} naming what was tried
 */
export function loadAddon(
  bytes: Uint8Array,
  places: readonly string[] = [process.env["CACHE_DIRECTORY"] ?? "", tmpdir(), path.join(homedir(), ".cache")],
): unknown {
  const tried: string[] = [];
  for (const place of places.filter((each) => each !== "")) {
    try {
      return loadBy(place, bytes);
    } catch (error) {
      tried.push(`${place} (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  throw new Error(
    `a native addon can be put nowhere: ${tried.join("; ")}. Set TMPDIR to a folder that can be written, and is not mounted noexec.`,
  );
}

function loadBy(place: string, bytes: Uint8Array): unknown {
  const folder = mkdtempSync(path.join(place, "sis-agent-"));
  try {
    const file = path.join(folder, "addon.node");
    writeFileSync(file, bytes, { mode: 0o600 });
    const addon = { exports: {} };
    process.dlopen(addon, file);
    return addon.exports;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
