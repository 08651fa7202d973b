import { printable } from "../base/fault.ts";
import { jsonOf } from "../base/json.ts";
import {
  type CommandArguments,
  type CommandName,
  commandArguments,
  commandNames,
  commandPayload,
} from "./schema-down.ts";

// Reading a command: what is allowed, and what is wrong with what is not. Pure.

/** A command that may be executed, or why it may not. */
export type ReadCommand =
  /** An empty message: a command that the broker kept was cleared. */
  | { readonly is: "nothing" }
  /** Not even its name and id can be used: there is nobody to answer. */
  | { readonly is: "unreadable"; readonly why: string }
  | { readonly is: "refused"; readonly name: string; readonly id: string; readonly why: string }
  | { readonly is: "command"; readonly command: Command; readonly id: string; readonly notAfterMs: number };

/** A command with its arguments. */
export type Command = {
  readonly [Name in CommandName]: { readonly name: Name; readonly args: CommandArguments<Name> };
}[CommandName];

/** Ids are remembered until their commands have expired: that must not be for ever. */
const longestAheadMs = 24 * 3_600_000;

const nameShape = /^[a-z][a-z-]{0,31}$/;
const idShape = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * @param levels the topic's levels after `dn/command/`
 * @param payload null: it was too large to be taken
 * @param retained whether the broker keeps it: such a command would be executed whenever the device comes back
 */
export function readCommand(
  levels: readonly string[],
  payload: Uint8Array | null,
  retained: boolean,
  nowMs: number,
): ReadCommand {
  if (payload?.length === 0) return { is: "nothing" };
  const [name = "", id = "", ...more] = levels;
  if (!nameShape.test(name) || !idShape.test(id) || more.length > 0) {
    return { is: "unreadable", why: "the topic is not dn/command/{name}/{id}" };
  }
  const refused = (why: string): ReadCommand => ({ is: "refused", name, id, why: printable(why) });
  if (retained) return refused("it is retained: commands are published without retain");
  if (payload === null) return refused("it is larger than the 64 KiB that a device takes");
  const known = commandNames.find((each) => each === name);
  if (known === undefined) return refused(`there is no such command; there are: ${commandNames.join(", ")}`);
  const parsed = commandPayload.safeParse(jsonOf(payload));
  if (!parsed.success)
    return refused(problemOf(parsed.error, "the payload is not a JSON object with v, ts, args and not_after"));
  const notAfterMs = Date.parse(parsed.data.not_after);
  if (nowMs > notAfterMs) return refused("it came too late: not_after has passed by this device's clock");
  if (notAfterMs - nowMs > longestAheadMs) return refused("not_after is more than a day ahead by this device's clock");
  const command = commandOf(known, parsed.data.args);
  return typeof command === "string" ? refused(command) : { is: "command", command, id, notAfterMs };
}

function commandOf(name: CommandName, given: unknown): Command | string {
  const parsed = commandArguments[name].safeParse(given);
  if (!parsed.success) return `args: ${problemOf(parsed.error, `${name} takes no such argument`)}`;
  // The arguments are those of this name, which TypeScript cannot follow through two unions at once.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { name, args: parsed.data } as Command;
}

/**
 * The first problem; never what was found, which may be anything.
 * @param whole what is said of one that is not about a single field
 */
function problemOf(
  error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] },
  whole: string,
): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it cannot be read";
  if (issue.path.length === 0) return whole;
  return `${issue.path.map(String).join(".")}: ${issue.message}`;
}
