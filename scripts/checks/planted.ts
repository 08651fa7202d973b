/** Proves that the checks can see: plants wrong files in a tree of their own, and demands that each is found. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deadCode, format, lint, type Outcome, runCheck, testOnly, types } from "./checks.ts";
import { type Plant, plants } from "./plants.ts";

const root = path.join(import.meta.dirname, "../..");

/** What makes a tree the tools can work on, beside its source. */
const settings = [".oxlintrc.json", "biome.json", "knip.json", "package.json", "tsconfig.json", "scripts"];

/** Passes when every planted mistake is found by its tool, and what is right is not complained of. */
export async function plantedViolations(stop: AbortSignal): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-plants-"));
  try {
    // What a benchmark has installed for itself is none of the source.
    const filter = (source: string) => path.basename(source) !== "node_modules";
    for (const name of settings) cpSync(path.join(root, name), path.join(folder, name), { recursive: true, filter });
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    mkdirSync(path.join(folder, "test"));
    for (const { path: name, text } of plants) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    const found = {
      [lint.name]: await runCheck(lint, folder, stop, "--format=unix"),
      [types.name]: await runCheck(types, folder, stop),
      [format.name]: await runCheck(format, folder, stop, "--max-diagnostics=none"),
      [deadCode.name]: await runCheck(deadCode, folder, stop),
      [testOnly.name]: await runCheck(testOnly, folder, stop),
    };
    const problems = plants.flatMap((plant) => blindness(plant, found));
    return { ok: problems.length === 0, output: problems.join("\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function blindness(plant: Plant, found: Readonly<Record<string, Outcome>>): string[] {
  if (plant.seenBy === null) {
    const complaint = found[lint.name]?.output.split("\n").find((line) => line.startsWith(`${plant.path}:`));
    return complaint === undefined ? [] : [`lint complains of what is right: ${complaint}`];
  }
  const { check, saying } = plant.seenBy;
  const outcome = found[check.name];
  const seen = outcome?.output.split("\n").some((line) => line.startsWith(plant.path) && line.includes(saying));
  if (outcome?.ok === false && seen === true) return [];
  return [`${check.name} does not see ${plant.path} (expected: ${saying})`];
}
