import type { Outcome } from "./checks.ts";
import { type LockedPackage, shippedPackages } from "./shipped.ts";

/** Licences under which a library may go out with a program under Apache-2.0 without conditions but to name it. */
const allowed: ReadonlySet<string> = new Set(["0BSD", "Apache-2.0", "BSD-3-Clause", "ISC", "MIT"]);

/** What ships under another licence than those, a line each. */
export function licenceProblems(packages: readonly LockedPackage[]): readonly string[] {
  return packages
    .filter(({ licence }) => !allowed.has(licence))
    .map(({ name, version, licence }) => `${name} ${version}: ${licence === "" ? "no licence is named" : licence}`);
}

export async function licencesAllowed(): Promise<Outcome> {
  const problems = licenceProblems(shippedPackages());
  return { ok: problems.length === 0, output: problems.join("\n") };
}
