import { existsSync } from "node:fs";
import { claim } from "../../base/claim.ts";
import { Fault } from "../../base/fault.ts";
import { type Found, lookThrough } from "./folder.ts";
import type { Health } from "./health.ts";

const nothing: Found = { files: [], resumed: null, noteNumber: 0, leftOver: null };

/**
 * Takes the folder for this process and looks for what an earlier run left. Never throws: what is wrong is told to `health`.
 * @param options.keeps whether sound will be kept; if not, a folder is not made
 */
export function openFolder(
  options: { readonly folder: string; readonly sampleRate: number; readonly keeps: boolean },
  health: Health,
): Found {
  const { folder, sampleRate, keeps } = options;
  try {
    if (keeps || existsSync(folder)) claim(folder, `keeps its sound in ${folder}: this one keeps it in memory only`);
  } catch (error) {
    // What another agent keeps is not ours to touch. Anything else may pass.
    if (error instanceof Fault) {
      health.bar(error);
      return nothing;
    }
    health.failed(error);
  }
  try {
    const found = lookThrough(folder, sampleRate);
    // New sound has the positions of what is left over: the next start could not tell one from the other.
    if (found.leftOver !== null) health.bar(found.leftOver);
    return found;
  } catch (error) {
    // New sound must not get between the old, whatever that is.
    health.bar(error);
    return nothing;
  }
}
