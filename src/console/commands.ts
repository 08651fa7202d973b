import * as z from "zod";
import { Fault } from "../base/fault.ts";
import { isoTime } from "../base/iso-time.ts";
import { type CommandName, commandArguments as deviceArguments } from "../fleet/schema-down.ts";

// What the console may tell a device: the same short list that devices take. Pure.

/** As devices take them, but for the length of a text: what a person types into a page. */
const commandArguments = {
  ...deviceArguments,
  say: z.strictObject({ text: z.string().trim().min(1).max(500) }),
} as const satisfies Readonly<Record<CommandName, z.ZodType>>;

/** A command, ready to be published. */
export interface Command {
  readonly name: string;
  readonly payload: string;
}

const request = z.strictObject({ name: z.string().max(32), args: z.unknown().optional() });

/** A device that hears of it later does not carry it out. */
export const commandLifeMs = 60_000;

/**
 * @param asked what a person asks for: `{name, args}`
 * @throws {Fault} config-invalid, with what is wrong
 */
export function commandOf(asked: unknown, nowMs: number): Command {
  const parsed = request.safeParse(asked);
  if (!parsed.success)
    throw new Fault("config-invalid", "a command is an object with a name, and args if it takes any");
  const { name, args = {} } = parsed.data;
  const schema = Object.entries(commandArguments).find(([known]) => known === name)?.[1];
  if (schema === undefined) {
    throw new Fault(
      "config-invalid",
      `there is no such command; there are: ${Object.keys(commandArguments).join(", ")}`,
    );
  }
  const given = schema.safeParse(args);
  if (!given.success) throw new Fault("config-invalid", `the arguments of ${name} are not what it takes`);
  const [ts, not_after] = [nowMs, nowMs + commandLifeMs].map((ms) => isoTime(ms));
  return { name, payload: JSON.stringify({ v: 1, ts, args: given.data, not_after }) };
}
