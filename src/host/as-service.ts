import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What decides what a service sees: who it is, its environment, its credentials. Source: systemd.exec(5). */
const seen =
  /^(?:User|Group|SupplementaryGroups|Environment|EnvironmentFile|(?:Load|Set)Credential(?:Encrypted)?|(?:Cache|State)Directory(?:Mode)?)=.+$/gm;

/**
 * Runs a command as systemd would run it for a service: as its user, with its environment and credentials. Its output is
 * ours.
 * @param groups whom it belongs to beyond that
 * @returns its exit code; null where systemd knows no such service, or cannot be asked
 */
export async function runAsService(
  unit: string,
  command: readonly string[],
  groups: readonly string[],
): Promise<number | null> {
  const text = await run("systemctl", ["cat", unit]).then(
    ({ stdout }) => stdout,
    () => null,
  );
  if (text === null) return null;
  const more = groups.map((group) => `SupplementaryGroups=${group}`);
  const properties = [...(text.match(seen) ?? []), ...more].flatMap((property) => ["--property", property]);
  const child = spawn("systemd-run", ["--quiet", "--pipe", "--wait", "--collect", ...properties, "--", ...command], {
    stdio: "inherit",
  });
  const failure = new Promise<void>((resolve) => child.once("error", () => resolve()));
  await Promise.race([once(child, "exit").catch(() => {}), failure]);
  return child.exitCode;
}
