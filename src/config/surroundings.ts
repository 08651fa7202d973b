import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorName } from "../base/disk-fault.ts";
import type { Configuration } from "./load.ts";
import type { Place, Problem } from "./problems.ts";

/**
 * What the settings name on this machine, and is not as the agent needs it, for the user that asks: a sound file or
 * port that cannot be read, a `state_dir` that cannot be written. Warnings: it may be another machine, or not plugged in
 * yet.
 * @param file the configuration's, to say where a setting is written
 */
export async function surroundings(
  { settings, origins }: Pick<Configuration, "settings" | "origins">,
  file: string,
): Promise<readonly Problem[]> {
  const found: Problem[] = [];
  const tell = (key: string, message: string) =>
    found.push({ code: "config-unreadable", key, place: placeOf(origins.get(key), file), message });
  const { source, path } = settings.audio;
  if ((source === "file" || source === "serial") && path !== undefined) {
    const why = await whyNot(path, constants.R_OK);
    if (why !== null) tell("audio.path", `${path} cannot be read: ${why}`);
  }
  const why = await unwritable(settings.state_dir);
  if (why !== null) {
    tell("state_dir", `${settings.state_dir} cannot be written by this user: ${why}; nothing would survive a restart`);
  }
  return found;
}

/** The agent makes the folder itself, but not the one above. */
async function unwritable(folder: string): Promise<string | null> {
  const there = await stat(folder).catch(() => null);
  if (there?.isDirectory() === false) return "it is not a folder";
  const wanted = constants.W_OK | constants.X_OK;
  // With the slash, a file is no folder.
  return whyNot(`${there === null ? dirname(folder) : folder}/`, wanted);
}

async function whyNot(path: string, mode: number): Promise<string | null> {
  try {
    await access(path, mode);
    return null;
  } catch (error) {
    const code = errorName(error) || String(error);
    return reasons[code] ?? code;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "it is not allowed",
  ENOTDIR: "there is a file where a folder should be",
  EROFS: "the disk is mounted read-only",
};

function placeOf(origin: ReturnType<Configuration["origins"]["get"]>, file: string): Place {
  if (origin?.from === "environment") return { variable: origin.variable };
  return { file, line: origin?.from === "file" ? origin.line : null };
}
