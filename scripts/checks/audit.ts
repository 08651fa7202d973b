/** Known vulnerabilities in what ships, as the registry knows them. Whoever cannot ask it is not stopped. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { objectOf, parseObject, wordsOf } from "../../src/sis/json.ts";
import type { Outcome } from "./checks.ts";
import { shippedPackages } from "./shipped.ts";

const root = path.join(import.meta.dirname, "../..");
const run = promisify(execFile);
/** Less grave ones are for the next update, not a reason to stop every change. */
const grave: ReadonlySet<unknown> = new Set(["high", "critical"]);

interface Vulnerability {
  readonly severity?: string;
  readonly nodes?: readonly string[];
}

/**
 * What an `npm audit --json` says of the packages in `places`.
 * npm's own `--omit=dev` also leaves out what both the program and a tool use.
 */
export function auditOutcome(answer: string, places: ReadonlySet<string>): Outcome {
  const told = parseObject(answer);
  const found = objectOf(told?.["vulnerabilities"]);
  if (found === null) return skipped(wordsOf(told?.["message"], 200) ?? "npm audit gave no answer");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm wrote it
  const problems = Object.entries(found as Readonly<Record<string, Vulnerability>>)
    .filter(([, { severity, nodes = [] }]) => grave.has(severity) && nodes.some((node) => places.has(node)))
    .map(([name, { severity }]) => `${name}: ${severity} (npm audit tells more)`);
  return { ok: problems.length === 0, output: problems.join("\n") };
}

export async function noKnownVulnerabilities(stop: AbortSignal): Promise<Outcome> {
  const places = new Set(shippedPackages().map(({ place }) => place));
  const command = ["audit", "--json", "--package-lock-only", "--fetch-retries=0", "--fetch-timeout=15000"];
  // Findings are an exit code of their own: what it prints decides.
  const answer = await run("npm", command, { cwd: root, signal: stop, maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error instanceof Error && "stdout" in error ? String(error.stdout) : ""),
  );
  return auditOutcome(answer, places);
}

function skipped(why: string): Outcome {
  return { ok: true, output: "", skipped: `the registry does not tell: ${why}` };
}
