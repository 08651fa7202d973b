import { resolve } from "node:path";
import { Command } from "commander";
import { type Configuration, loadConfiguration } from "../config/load.ts";
import { type Problem, problemLine } from "../config/problems.ts";
import { settingsJsonSchema } from "../config/schema.ts";
import { showJson, showToml } from "../config/show.ts";
import { surroundings } from "../config/surroundings.ts";
import { assertAccess } from "../fleet/broker-access.ts";
import { asService } from "./as-service.ts";
import { type ConfigFlag, configFile, configOption } from "./config-option.ts";
import { answer, print } from "./print.ts";

/** `config check|schema|show`: what the configuration may hold, whether it does, and what is in effect. */
export function configCommand(): Command {
  const command = new Command("config").description("check or show the configuration, or print its schema");

  command
    .command("check")
    .description("say whether a configuration is fit to run on; exit code 78 where it is not")
    .addOption(configOption())
    .option("--service <unit>", "as the user, and with the credentials and the environment, of this systemd service")
    .action(async (flags: ConfigFlag & { readonly service?: string }, self: Command) => {
      const file = configFile(flags, self);
      if (flags.service !== undefined) {
        process.exitCode = await asService(flags.service, ["config", "check", "--config", resolve(file)]);
        return;
      }
      const configuration = await load(file);
      const { settings, secrets } = configuration;
      // What TLS makes of certificates is known only when it is asked.
      if (settings.mqtt !== undefined) assertAccess({ ...settings.mqtt, ...secrets.broker });
      await warn(await surroundings(configuration, file));
      await answer(`${file}: ok\n`);
    });

  command
    .command("schema")
    .description("print the JSON Schema of the configuration file")
    .action(async () => {
      await answer(`${JSON.stringify(settingsJsonSchema(), null, 2)}\n`);
    });

  command
    .command("show")
    .description("print the settings in effect and where each comes from; secrets are masked")
    .addOption(configOption())
    .option("--json", "as JSON, for programs")
    .action(async (flags: ConfigFlag & { readonly json?: true }, self: Command) => {
      const file = configFile(flags, self);
      const configuration = await load(file);
      await answer(
        flags.json ? `${JSON.stringify(showJson(configuration, file), null, 2)}\n` : showToml(configuration, file),
      );
    });

  return command;
}

async function load(file: string): Promise<Configuration> {
  const configuration = await loadConfiguration(file, process.env);
  await warn(configuration.warnings);
  return configuration;
}

async function warn(warnings: readonly Problem[]): Promise<void> {
  for (const warning of warnings) await print(`warning: ${problemLine(warning)}\n`, process.stderr);
}
