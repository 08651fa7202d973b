import { readFile } from "node:fs/promises";
import type { Environment } from "./environment.ts";
import { interpret } from "./interpret.ts";
import { ConfigFault, type Problem } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { assembleSecrets, readSecrets, type Secrets } from "./secrets.ts";
import { readTextFile } from "./text-file.ts";
import type { Origin } from "./view.ts";

/** A configuration that the agent can run on. */
export interface Configuration {
  readonly settings: Settings;
  readonly secrets: Secrets;
  /** Where each setting's value comes from, by its path (`sis.chunk_ms`). */
  readonly origins: ReadonlyMap<string, Origin>;
  /** The file behind each secret, by its setting, also where systemd gave it and the setting is absent. */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** What works, and should be mended all the same. */
  readonly warnings: readonly Problem[];
}

const machineIdFile = "/etc/machine-id";
const mostBytes = 256 * 1024;

/**
 * Reads the configuration: the file, the environment's `SIS_AGENT_*` over it, and the secrets from their files or from
 * systemd's credentials ($CREDENTIALS_DIRECTORY).
 * @throws ConfigFault with everything that is wrong
 */
export async function loadConfiguration(file: string, environment: Environment): Promise<Configuration> {
  const toml = await readText(file);
  const machineId = await readFile(machineIdFile, "utf8").catch(() => null);
  const { settings, problems, warnings, origins, view, place } = interpret({ file, toml, environment, machineId });
  const secretFiles = await readSecrets(view, place, environment["CREDENTIALS_DIRECTORY"]);
  if (settings === null || secretFiles.problems.length > 0) {
    throw new ConfigFault([...problems, ...secretFiles.problems]);
  }
  return {
    settings,
    secrets: assembleSecrets(settings, secretFiles),
    origins,
    secretFiles: secretFiles.files,
    warnings: [...warnings, ...secretFiles.warnings],
  };
}

async function readText(file: string): Promise<string> {
  const found = await readTextFile(file, mostBytes, true);
  if ("text" in found) return found.text;
  throw new ConfigFault([{ code: found.code, key: null, place: { file, line: null }, message: found.why }]);
}
