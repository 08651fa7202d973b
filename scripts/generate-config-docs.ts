// Writes docs/configuration.md and device/config.sample.toml from the schema of the settings.
// Run: node scripts/generate-config-docs.ts
import { writeFileSync } from "node:fs";
import { stringify } from "smol-toml";
import { type Key, keys, type Table, tables } from "../src/config/keys.ts";

/** What the sample has a person fill in, beside what is required. */
const filledIn = new Set(["sis.auth.method", "sis.auth.access_key"]);
const width = 100;

const root: Table = { path: "", description: "Settings outside any table come first in the file.", optional: false };

export function configurationPage(): string {
  const chapters = [root, ...tables].map((table) => {
    const title = table.path === "" ? "The agent" : `\`[${table.path}]\``;
    const rows = keys.filter((key) => key.table === table.path).map(row);
    return [
      `## ${title}`,
      "",
      table.description,
      "",
      "| setting | allowed | default | meaning |",
      "| --- | --- | --- | --- |",
      ...rows,
      "",
    ].join("\n");
  });
  return `${introduction}\n${chapters.join("\n")}`;
}

export function sampleConfiguration(): string {
  const lines = [
    "# The configuration of sis-agent. Made from the schema of its settings: docs/configuration.md tells the rest.",
    "# What is commented out shows the default, or an example. Check it with: sis-agent config check --config FILE",
    "#",
    ...comment(mustBeSet()),
  ];
  for (const table of [root, ...tables]) {
    if (table.path !== "") {
      lines.push("", ...comment(table.description), `${table.optional ? "# " : ""}[${table.path}]`);
    }
    for (const key of keys.filter((each) => each.table === table.path)) {
      const active = isFilledIn(key);
      const value = active ? (key.example ?? key.default) : (key.default ?? key.example);
      lines.push("", ...comment(`${key.description} ${hint(key)}`));
      lines.push(`${active ? "" : "# "}${stringify({ [key.name]: value ?? false }).trimEnd()}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The settings that stand in the sample with an example's value. */
function isFilledIn(key: Key): boolean {
  return (key.required && tables.find(({ path }) => path === key.table)?.optional !== true) || filledIn.has(key.path);
}

function mustBeSet(): string {
  const named = keys.filter((key) => isFilledIn(key) && key.path !== "sis.auth.method").map(({ path }) => path);
  return (
    `To be set before the first start: ${named.join(", ")}, and the secret key in a file of its own ` +
    '(sis.auth.secret_key_file, or the systemd credential "secret_key"). All else may stay as it is.'
  );
}

const introduction = `# Configuration

<!-- Made by scripts/generate-config-docs.ts from src/config/schema.ts: change it there. -->

\`sis-agent run --config FILE\` reads one TOML file. \`sis-agent config check --config FILE\` says everything that is wrong
with it, with the line, what was found and what is allowed; \`config show\` prints the settings in effect and where each
comes from, with secrets masked; \`config schema\` prints the JSON Schema, for editors. A commented sample is
\`device/config.sample.toml\`. A configuration that is not valid ends any command with exit code 78, after which the service stays
stopped; one that the disk does not give this time ends it with 1, and the service tries again.

- A setting that is not listed here is an error.
- **Environment**: \`SIS_AGENT_\` and the setting's path in capitals, with \`__\` for each dot, overrides the file:
  \`SIS_AGENT_SIS__ENDPOINT\` for \`endpoint\` in \`[sis]\`, \`SIS_AGENT_DEVICE_ID\` for \`device_id\`. An unknown
  \`SIS_AGENT_\` variable is an error.
- **Secrets** are never written into the file, the environment or the command line. A setting whose name ends in \`_file\`
  names a file that holds the secret, one line (PEM files: as they are). Where such a setting is absent, the systemd
  credential named below takes its place (\`LoadCredential=secret_key:/etc/sis-agent/secret_key\` in the unit).
- **Paths** that are relative start at the configuration file's folder, also those from the environment.
- Settings marked **R** can be set by the fleet as well ([mqtt.md](mqtt.md), \`dn/config\`).
- Switches are \`true\` or \`false\`; \`"yes"\` and \`"no"\`, as the service writes them, are taken as well.
`;

function row(key: Key): string {
  const cells = [
    `\`${key.name}\``,
    key.allowed,
    key.required ? "required" : key.default === null ? "" : `\`${JSON.stringify(key.default)}\``,
    `${key.description}${key.credential === null ? "" : ` Or the credential \`${key.credential}\`.`}${key.remote ? " **R**" : ""}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function hint(key: Key): string {
  const credential = key.credential === null ? "" : ` (or the systemd credential "${key.credential}")`;
  return `Allowed: ${key.allowed}${credential}.`;
}

function comment(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + word.length >= width) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

if (import.meta.main) {
  writeFileSync(new URL("../docs/configuration.md", import.meta.url), configurationPage());
  writeFileSync(new URL("../device/config.sample.toml", import.meta.url), sampleConfiguration());
}
