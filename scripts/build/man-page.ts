import type { Command } from "commander";
import { commands } from "../../src/cli/program.ts";
import { keys } from "../../src/config/keys.ts";

/** The manual page sis-agent(1), in the language of man(7): what the program itself says of its commands and settings. */
export function manPage(version: string, date: Date): string {
  const program = commands();
  const leaves = leavesOf(program);
  return [
    `.TH SIS-AGENT 1 ${quoted(date.toISOString().slice(0, 10))} ${quoted(`sis-agent ${version}`)} ${quoted("User Commands")}`,
    ".SH NAME",
    "sis\\-agent \\- streams a microphone to Huawei Cloud SIS for real\\-time speech recognition",
    ".SH SYNOPSIS",
    ...leaves.flatMap((command) => [`.B ${escaped(pathOf(command))}`, escaped(command.usage()), ".br"]),
    ".SH DESCRIPTION",
    escaped(program.description()),
    "It reports to a fleet over MQTT, if it is told to.",
    "As a service it is",
    ".BR sis\\-agent.service ,",
    "configured in",
    ".IR /etc/sis\\-agent/agent.toml .",
    ".SH COMMANDS",
    ...leaves.flatMap(chapter),
    ".SH CONFIGURATION",
    "A file in TOML.",
    escaped("Every setting is described in the comments of the sample, and checked by sis-agent config check."),
    ".P",
    "Environment variables override settings:",
    ...entries([["SIS_AGENT_SIS__ENDPOINT", "in place of sis.endpoint, and so on"]]),
    ".P",
    "Secrets come from files, or from systemd's credentials:",
    ...entries(
      keys.flatMap(({ credential, path }) => (credential === null ? [] : [[credential, `in place of ${path}`]])),
    ),
    ".SH FILES",
    ...entries([
      ["/etc/sis-agent/agent.toml", "The configuration of the service."],
      ["/usr/share/sis-agent/agent.toml", "The sample: every setting with what is allowed."],
      ["/etc/credstore/sis-agent.NAME", "Secrets of the service: the credential NAME."],
      ["/var/lib/sis-agent", "What must survive a restart."],
    ]),
    ".SH EXIT STATUS",
    ...entries([
      ["0", "All went well."],
      ["1", "Something failed; what, is on standard error."],
      ["2", "The command line is not right."],
      ["78", "The configuration is not right. The service is not started again until a person has mended it."],
    ]),
    ".SH SIGNALS",
    ...entries([
      ["SIGTERM, SIGINT", "Stop: last results, goodbye to the fleet. A second one ends the program at once."],
      ["SIGHUP", "Read the secrets again, and say which settings have changed and want a restart."],
    ]),
    "",
  ].join("\n");
}

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function chapter(command: Command): readonly string[] {
  const help = command.createHelp();
  const options = help
    .visibleOptions(command)
    .map((option): [string, string] => [help.optionTerm(option), help.optionDescription(option)]);
  return [
    `.SS ${quoted(pathOf(command))}`,
    escaped(sentence(command.description())),
    ...entries(options),
    ...afterword(command),
  ];
}

/** What the help says last, a paragraph each. Lines that are laid out stay as they are. */
function afterword(command: Command): readonly string[] {
  let help = "";
  command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  const paragraphs = help
    .slice(command.helpInformation().length)
    .trim()
    .split(/\n{2,}/);
  return paragraphs
    .filter((text) => text !== "")
    .flatMap((text) => (/\S {2,}\S/.test(text) ? [".P", ".nf", escaped(text), ".fi"] : [".P", escaped(text)]));
}

function entries(pairs: readonly (readonly [term: string, text: string])[]): readonly string[] {
  return pairs.flatMap(([term, text]) => [".TP", `.B ${escaped(term)}`, escaped(sentence(text))]);
}

function sentence(text: string): string {
  return /[.)]$/.test(text) ? text : `${text}.`;
}

/** Text as man(7) wants it. Source: groff_char(7). */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\(rs")
    .replaceAll("-", "\\-")
    .replaceAll("µ", "\\(mc")
    .replace(/^(['.])/gm, "\\&$1");
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', "\\(dq")}"`;
}
