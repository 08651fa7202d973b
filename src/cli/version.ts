import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Set by the build of the packaged program; absent where the source tree runs. */
declare const SIS_AGENT_COMMIT: string | undefined;

/** The program's version: package.json's (tested). */
export const version = "0.1.0";

const packagedCommit = typeof SIS_AGENT_COMMIT === "string" ? SIS_AGENT_COMMIT : null;

/** What exactly runs: the packaged program or the source tree, and the Node under it. */
export const build = `${packagedCommit === null ? "source" : `commit ${packagedCommit}`}, Node ${process.versions.node}`;

/** The answer to `--version`. */
export function versionLine(): string {
  return `${version} (commit ${commit()}, Node ${process.versions.node})`;
}

/** The program's commit, with a `+` where the source differs from it; `unknown` where there is no git to ask. */
export function commit(): string {
  if (packagedCommit !== null) return packagedCommit;
  const root = join(import.meta.dirname, "../..");
  // Installed from npm, git would tell of whatever project it is installed in.
  if (!existsSync(join(root, ".git"))) return "unknown";
  const question = ["-C", root, "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"];
  try {
    return execFileSync("git", question, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}
