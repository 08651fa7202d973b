import path from "node:path";
import { noKnownVulnerabilities } from "./audit.ts";
import { deadCode, format, lint, type Outcome, pageTypes, runCheck, testOnly, types } from "./checks.ts";
import { licencesAllowed } from "./licences.ts";
import { plantedViolations } from "./planted.ts";

const root = path.join(import.meta.dirname, "../..");

interface NamedCheck {
  readonly name: string;
  readonly run: (stop: AbortSignal) => Promise<Outcome>;
}

/** Every check over the source, in the order in which they begin: the longest first. */
export const allChecks: readonly NamedCheck[] = [
  { name: "planted violations", run: plantedViolations },
  ...[deadCode, testOnly, lint, types, pageTypes, format].map((check) => ({
    name: check.name,
    run: async (stop: AbortSignal) => runCheck(check, root, stop),
  })),
  { name: "licences", run: licencesAllowed },
  { name: "known vulnerabilities", run: noKnownVulnerabilities },
];
