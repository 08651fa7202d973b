/**
 * Run after any `npm install` that changes package-lock.json: takes out of it the optional packages it names but
 * does not hold. Where a registry mirror lacks binaries for other systems, npm writes such a lock file, and then
 * `npm ci` refuses it. `--check` only tells (exit 1).
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Record<string, string> }>>;
}

const file = path.join(import.meta.dirname, "../package-lock.json");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm wrote it
const lock = JSON.parse(readFileSync(file, "utf8")) as Lock;

const missing: string[] = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (`${place}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages) continue;
    missing.push(name);
    delete entry.optionalDependencies?.[name];
  }
}
if (missing.length === 0) {
  process.stdout.write("package-lock.json holds all it names\n");
} else if (process.argv.includes("--check")) {
  process.stdout.write(`package-lock.json lacks ${missing.join(", ")}: run node scripts/prune-lock.ts\n`);
  process.exitCode = 1;
} else {
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`took out ${missing.join(", ")}\n`);
}
