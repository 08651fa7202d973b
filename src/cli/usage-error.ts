import type { Command } from "commander";

/**
 * What commander says about the options and arguments of a line, made fit to be shown: an unknown option is named
 * without its value, which may be a secret, and the one that was probably meant is named with it. Arguments that are
 * too many may be secrets as well.
 */
export function clarified(text: string, command: Command): string {
  const longs = ["--help", ...command.options.flatMap(({ long }) => (long === undefined ? [] : [long]))];
  const unknown = /^error: unknown option '(-[^=']*)(=[^]*)?'/.exec(text);
  if (unknown !== null) {
    const [whole, given = "", value] = unknown;
    const letters = given.replace(/^-+/, "");
    // The value of a short option may follow its letter at once.
    const name = given.startsWith("--") ? given : given.slice(0, 2);
    if (value !== undefined && longs.includes(name)) return `error: option '${name}' takes no value\n`;
    // Commander itself knows only long options, and only without a value.
    const needsGuess = value !== undefined || !name.startsWith("--");
    const meant = needsGuess && letters !== "" ? longs.find((long) => long.startsWith(`--${letters}`)) : undefined;
    return `error: unknown option '${name}'${suggestion(meant)}${text.slice(whole.length)}`;
  }
  const tooMany = /^error: too many arguments[^]*? but got \d+/.exec(text);
  if (tooMany !== null && command.name() === "say") {
    return `${tooMany[0]}.\n(Words that belong together go into quotes.)\n`;
  }
  if (tooMany !== null) return `${tooMany[0]}.${suggestion(longs.find((long) => long === "--config"))}\n`;
  return text;
}

function suggestion(option: string | undefined): string {
  return option === undefined ? "" : `\n(Did you mean ${option}?)`;
}
