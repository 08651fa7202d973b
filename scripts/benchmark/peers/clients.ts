import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installClients, lockedVersion } from "./install.ts";
import type { Ports } from "./services.ts";

/** A client that is measured. */
export interface Client {
  readonly name: string;
  /** What it is, and its version. */
  readonly title: string;
  /** Its program, to be bundled. */
  readonly source: string;
  readonly service: keyof Ports;
  /**
   * Its arguments.
   * @param base its service, http://host:port
   * @param folder its own, for what it needs
   */
  readonly argumentsFor: (base: string, folder: string) => readonly string[];
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Those that are always there, the one that others are compared with last. */
const own: readonly Client[] = [
  {
    name: "sis-agent",
    title: "this agent",
    source: here("../../../src/main.ts"),
    service: "sis",
    argumentsFor: agentArguments,
  },
  {
    name: "bare-ws",
    title: `a bare sender on ws`,
    source: here("./bare-ws.ts"),
    service: "sis",
    argumentsFor: (base) => [base],
  },
];

const publicPackages = {
  microsoft: "microsoft-cognitiveservices-speech-sdk",
  deepgram: "@deepgram/sdk",
  gladia: "@gladiaio/sdk",
} as const;

/** Every client's name. */
export const clientNames: readonly string[] = [...own.map(({ name }) => name), ...Object.keys(publicPackages)];

/** The clients of these names. Public ones are installed first; where that is not possible, they are left out, and it is said. */
export async function chosenClients(names: readonly string[], say: (text: string) => void): Promise<Client[]> {
  const chosen = own.filter(({ name }) => names.includes(name));
  const wanted = Object.entries(publicPackages).filter(([name]) => names.includes(name));
  if (wanted.length === 0) return chosen;
  const problem = await installClients(say);
  if (problem !== null) {
    say(`left out: ${wanted.map(([name]) => name).join(", ")}: ${problem}`);
    return chosen;
  }
  for (const [name, packageName] of wanted)
    chosen.push({
      name,
      title: `${packageName} ${lockedVersion(packageName)}`,
      source: here(`./clients/${name}.mjs`),
      service: "others",
      argumentsFor: (base) => [base],
    });
  return chosen;
}

/** The agent as it comes: all that its configuration does not name is as it is by default. */
function agentArguments(base: string, folder: string): string[] {
  const file = path.join(folder, "agent.toml");
  const settings = [
    'device_id = "peers"',
    `state_dir = ${JSON.stringify(path.join(folder, "state"))}`,
    "[sis]",
    `endpoint = ${JSON.stringify(base.replace("http:", "ws:"))}`,
    'project_id = "peers"',
    "[audio]",
    'source = "stdin"',
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  return ["run", "--config", file, "--stdout", "jsonl"];
}
