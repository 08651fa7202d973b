import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * What decides what a service sees: who it is, its environment, its credentials, its devices. Source: systemd.exec(5),
 * systemd.resource-control(5).
 */
const seen =
  /^(?:User|Group|SupplementaryGroups|Environment|EnvironmentFile|(?:Load|Set)Credential(?:Encrypted)?|(?:Cache|State)Directory(?:Mode)?|DevicePolicy|DeviceAllow)$/;

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
  const properties = [...assignmentsSeen(text), ...more].flatMap((property) => ["--property", property]);
  const child = spawn("systemd-run", ["--quiet", "--pipe", "--wait", "--collect", ...properties, "--", ...command], {
    stdio: "inherit",
  });
  const failure = new Promise<void>((resolve) => child.once("error", () => resolve()));
  await Promise.race([once(child, "exit").catch(() => {}), failure]);
  return child.exitCode;
}

/**
 * What a unit and its drop-ins say, in the end, of what its service sees. What a line's last backslash continues goes on
 * after comments; an empty value takes back all that was said before. Source: systemd.syntax(7).
 */
function assignmentsSeen(text: string): readonly string[] {
  let said: { readonly list: string; readonly assignment: string }[] = [];
  const whole = text.replace(/^[ \t]*[#;].*\n/gm, "").replace(/\\\n/g, " ");
  for (const [, name = "", value = ""] of whole.matchAll(/^[ \t]*(\w+)[ \t]*=[ \t]*(.*)$/gm)) {
    if (!seen.test(name)) continue;
    const list = name.replace(/Encrypted$/, ""); // credentials of both kinds are one list
    if (value === "") said = said.filter((each) => each.list !== list);
    else said.push({ list, assignment: `${name}=${value}` });
  }
  return said.map(({ assignment }) => assignment);
}
