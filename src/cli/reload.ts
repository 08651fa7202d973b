import type { Agent } from "../agent.ts";
import type { Logger } from "../base/logger.ts";
import type { Environment } from "../config/environment.ts";
import { type Configuration, loadConfiguration } from "../config/load.ts";
import { ConfigFault, problemLine } from "../config/problems.ts";
import { changedSettings } from "../config/show.ts";

/** Settings that say whose the secrets are. */
const identity: ReadonlySet<string> = new Set(["sis.endpoint", "sis.project_id", "sis.auth.method"]);

/**
 * Reads the configuration and the secrets again. Secrets for the service, and what is under `sis.auth`, are taken over;
 * other settings that have changed, and secrets for the broker, are named: they want a restart. Where the service, the
 * project or the way of authentication is another, nothing is taken over: the secrets may be theirs. What is not fit
 * changes nothing. Never throws.
 * @param running what the agent was started with
 */
export async function reload(
  {
    file,
    environment,
    running,
  }: { readonly file: string; readonly environment: Environment; readonly running: Configuration },
  agent: Pick<Agent, "renew">,
  logger: Logger,
): Promise<void> {
  let found: Configuration;
  try {
    found = await loadConfiguration(file, environment);
  } catch (error) {
    const problems = error instanceof ConfigFault ? error.problems.map(problemLine) : [String(error)];
    for (const problem of problems) logger.error(problem);
    logger.error("the configuration cannot be taken over: the agent goes on with what it has", { file });
    return;
  }
  for (const warning of found.warnings) logger.warn(problemLine(warning));
  const settings = changedSettings(running.settings, found.settings);
  if (JSON.stringify(running.secrets.broker) !== JSON.stringify(found.secrets.broker))
    settings.push("the broker's secrets");
  if (settings.some((setting) => identity.has(setting))) {
    const changed = settings.join(", ");
    logger.warn("not reloaded: the secrets may go with settings that a running agent cannot take over; restart it", {
      changed,
    });
    return;
  }
  agent.renew(found.secrets);
  const left = settings.filter((setting) => !setting.startsWith("sis.auth."));
  if (left.length === 0) logger.info("reloaded: keys and secrets are read again, and nothing else has changed");
  else
    logger.warn("reloaded: keys and secrets are read again; restart the agent for the rest", {
      changed: left.join(", "),
    });
}
