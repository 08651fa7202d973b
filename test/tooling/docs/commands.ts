/** Finds the commands that the documentation tells, and says of each whether there is such a thing. */
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { commands as program } from "../../../src/cli/program.ts";

export const root = path.join(import.meta.dirname, "../../..");

/** Where commands are told. */
const pages = globSync(["README*.md", "docs/*.md"], { cwd: root }).toSorted();

/** Each line of the blocks marked `sh` or `console`, without its comment; where it stands. */
export function commandsInBlocks(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const page of pages) {
    for (const [, language = "", text = ""] of pageText(page).matchAll(/^ *```(\w*)\n([^]*?)^ *```$/gm)) {
      if (language !== "sh" && language !== "console") continue;
      for (const line of text.replaceAll("\\\n", " ").split("\n")) {
        const command = line.replace(/(^|\s+)# .*$/, "").trim();
        if (command !== "") found.set(command, [...(found.get(command) ?? []), page]);
      }
    }
  }
  return found;
}

/** Commands in running text. */
export function commandsInText(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const page of pages) {
    const prose = pageText(page).replaceAll(/^ *```[^]*?^ *```$/gm, "");
    for (const [, command = ""] of prose.matchAll(
      /`((?:sis-agent|scripts\/[\w-]+|npm (?:run|pack)|node_modules\/\.bin\/node scripts\/[\w.-]+)(?: [^`]*)?)`/g,
    ))
      found.set(command, [...(found.get(command) ?? []), page]);
  }
  return found;
}

export function pageText(page: string): string {
  return readFileSync(path.join(root, page), "utf8");
}

/** What a shell makes of a line: commands, each its words. Quotes, `&&`, `|` and redirections; nothing else is used. */
function words(line: string): readonly (readonly string[])[] {
  return line.split(/ (?:&&|\|) /).map((command) =>
    Array.from(command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g), ([word]) => word)
      .filter((word) => !/^\d*[<>]/.test(word))
      .map((word) => word.replaceAll(/['"]/g, "")),
  );
}

/** Programs that are not ours. */
const system = new Set(
  "apt-get arecord cat chmod chown cp curl journalctl mkdir mosquitto_pub mosquitto_sub npm openssl rm scp sh sudoedit systemctl systemd-analyze tar".split(
    " ",
  ),
);

/**
 * Why a line cannot work: a script, command or option that does not exist. Null: all that it names is there.
 * @param helpOf what `scripts/X --help` prints
 */
export async function problemOf(line: string, helpOf: (script: string) => Promise<string>): Promise<string | null> {
  for (const command of words(line)) {
    const problem = await problemOfCommand(command[0] === "sudo" ? command.slice(1) : command, helpOf);
    if (problem !== null) return `${line}: ${problem}`;
  }
  return null;
}

async function problemOfCommand(
  [name = "", ...rest]: readonly string[],
  helpOf: (script: string) => Promise<string>,
): Promise<string | null> {
  if (name === "sis-agent") return problemOfProgram(rest);
  if (name.startsWith("scripts/")) return problemOfScript(name, rest, helpOf);
  if (name === "npm" && rest[0] === "run") return problemOfRun(rest.slice(1));
  if (name === "node_modules/.bin/node")
    return existsSync(path.join(root, rest[0] ?? "")) ? null : `there is no ${rest[0] ?? "file"}`;
  return system.has(name) ? null : `${name} is not a program that is known`;
}

function problemOfRun(rest: readonly string[]): string | null {
  const [name = "", ...args] = rest.filter((word) => word !== "-s");
  const { scripts } = JSON.parse(pageText("package.json")) as { scripts: Record<string, string> };
  if (!(name in scripts)) return `package.json has no script ${name}`;
  if (name !== "agent") return null;
  return args[0] === "--" ? problemOfProgram(args.slice(1)) : "-- is missing before what the agent is told";
}

async function problemOfScript(
  name: string,
  args: readonly string[],
  helpOf: (script: string) => Promise<string>,
): Promise<string | null> {
  if (!existsSync(path.join(root, name))) return `there is no ${name}`;
  const flags = args.filter((word) => word.startsWith("--"));
  if (flags.length === 0) return null;
  // A script of several tools has help for each.
  const tool = name === "scripts/bench" && args[0]?.startsWith("--") === false ? `${name} ${args[0]}` : name;
  const help = await helpOf(tool);
  const unknown = flags.find((flag) => !new RegExp(`${flag.replace(/=.*/, "")}\\b`).test(help));
  return unknown === undefined ? null : `${tool} --help does not know ${unknown}`;
}

/** An ellipsis stands for what the reader has already. */
const ellipsis = "…";

function problemOfProgram(args: readonly string[]): string | null {
  let command: Command = program();
  const rest = [...args];
  for (let inner = innerOf(command, rest[0]); inner !== undefined; inner = innerOf(command, rest[0])) {
    command = inner;
    rest.shift();
  }
  const operands: string[] = [];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === ellipsis) continue;
    if (!word.startsWith("-")) {
      operands.push(word);
      if (operands.length > command.registeredArguments.length) return `${command.name()} does not take ${word}`;
      continue;
    }
    const [flag] = word.split("=");
    if (flag === "--help") continue;
    const option = command.options.find(({ long, short }) => flag === long || flag === short);
    if (option === undefined) return `${command.name()} has no option ${flag}`;
    if (option.required && !word.includes("=") && rest.shift() === undefined) return `${flag} lacks its value`;
  }
  return null;
}

function innerOf(command: Command, name: string | undefined): Command | undefined {
  return command.commands.find((each) => each.name() === name);
}
