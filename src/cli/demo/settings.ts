import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Configuration, loadConfiguration } from "../../config/load.ts";

/** Who the demo's device is to the fleet. */
const fleet = "demo";
const deviceId = "kiosk-17";

/**
 * The configuration of the demo's agent: what a user would write for it, in a file of its own; all else as it is by
 * default. The environment is left out of it, so that the demo is the same everywhere.
 * @param directory where the file and the agent's state go
 */
export async function writeConfiguration(
  directory: string,
  parts: {
    readonly endpoint: string;
    readonly broker: string;
    readonly audio: Readonly<Record<string, string>>;
  },
): Promise<Configuration> {
  const file = join(directory, "sis-agent.toml");
  const top = { device_id: deviceId, fleet, state_dir: directory };
  const tables = {
    sis: { endpoint: parts.endpoint, project_id: "demo" },
    audio: parts.audio,
    mqtt: { url: parts.broker },
  };
  const texts = Object.entries(tables).map(([name, table]) => `[${name}]\n${toml(table)}`);
  await writeFile(file, [toml(top), ...texts].join("\n"));
  return loadConfiguration(file, {});
}

/** A JSON string is a TOML string, too. */
function toml(table: Readonly<Record<string, string>>): string {
  return Object.entries(table)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join("");
}
