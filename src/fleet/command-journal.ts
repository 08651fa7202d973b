import * as z from "zod";
import type { Logger } from "../base/logger.ts";
import { loadKept } from "./load-kept.ts";
import type { CommandName } from "./schema-down.ts";

// Which commands were taken up: so that none is executed twice, not even when the broker delivers it again after a
// restart. Pure but for reading the file.

const statuses = ["waiting", "taken", "succeeded", "failed"] as const;
type CommandStatus = (typeof statuses)[number];

/** A command that is not refused. */
export interface TakenCommand {
  readonly id: string;
  readonly name: string;
  /** Wall clock: later it would be refused anyway, and can be forgotten. */
  readonly notAfterMs: number;
  /** `waiting`: for its turn; `taken`: it is being executed, or was when the agent ended. */
  readonly status: CommandStatus;
}

/** More at a time are not taken up: what is remembered must have a bound. */
const mostCommands = 500;
/**
 * What must get through whatever else came: what comes of them is the same however often. They have a room of their own, in
 * which the oldest gives way.
 */
const switches: ReadonlySet<string> = new Set<CommandName>(["start", "stop", "mute", "unmute"]);
const mostSwitches = 100;
/** The clock may be set back by a little. */
const graceMs = 600_000;

const content = z.object({
  v: z.literal(1),
  commands: z
    .array(
      z.object({
        id: z.string().max(64),
        name: z.string().max(64),
        notAfterMs: z.number(),
        status: z.enum(statuses),
      }),
    )
    .max(mostCommands + mostSwitches),
});

/** Adds a command, and forgets those that cannot come again; null: too many are remembered. */
export function withCommand(
  journal: readonly TakenCommand[],
  command: TakenCommand,
  nowMs: number,
): readonly TakenCommand[] | null {
  const kept = journal.filter(({ notAfterMs }) => notAfterMs + graceMs >= nowMs);
  const ofItsKind = kept.filter(({ name }) => switches.has(name) === switches.has(command.name));
  if (!switches.has(command.name)) return ofItsKind.length >= mostCommands ? null : [...kept, command];
  const oldest = ofItsKind.length >= mostSwitches ? ofItsKind.find(({ status }) => isOver(status)) : undefined;
  return [...kept.filter((each) => each !== oldest), command];
}

/** The journal after a command was begun, or has ended. */
export function withStatus(
  journal: readonly TakenCommand[],
  id: string,
  status: Exclude<CommandStatus, "waiting">,
): readonly TakenCommand[] {
  return journal.map((each) => (each.id === id ? { ...each, status } : each));
}

export function isOver(status: CommandStatus): boolean {
  return status === "succeeded" || status === "failed";
}

export function journalText(journal: readonly TakenCommand[]): string {
  return JSON.stringify({ v: 1, commands: journal });
}

/** The journal in a file; empty where there is no such file, or it cannot be read (which is logged). */
export function loadJournal(path: string, logger: Logger): readonly TakenCommand[] {
  return loadKept(path, content, "the commands from before the restart", logger)?.commands ?? [];
}
