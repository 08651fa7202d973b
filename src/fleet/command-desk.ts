import type { DiskListener } from "../base/background-writer.ts";
import { atMost, type Clock, pause } from "../base/clock.ts";
import { diskPatienceMs } from "../base/disk-fault.ts";
import { Fault, printable, toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { isOver, journalText, loadJournal, type TakenCommand, withCommand, withStatus } from "./command-journal.ts";
import { type Command, readCommand } from "./commands.ts";
import { keptFile } from "./kept-file.ts";
import type { CommandArguments, CommandName, OutcomePayload } from "./schema-down.ts";

/** What a command that succeeded has to say, small and fit for JSON; null: nothing. */
export type CommandResult = Readonly<Record<string, unknown>> | null;

/**
 * What carries the commands out; a command without one is not available. Rejects with why it failed.
 * `notAfterMs`, wall clock: until then it must have begun.
 */
export type Executors = {
  readonly [Name in CommandName]?: (
    args: CommandArguments<Name>,
    notAfterMs: number,
  ) => CommandResult | Promise<CommandResult>;
};

export interface CommandDeskOptions {
  readonly executors: Executors;
  /** Where the ids of commands survive a restart; null: nowhere. */
  readonly file: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onDisk: DiskListener;
  readonly publish: (name: string, id: string, outcome: Pick<OutcomePayload, "status" | "reason" | "result">) => void;
  /** A command was not taken up. */
  readonly refused: (name: string, id: string, reason: string) => void;
  /** A command that was taken up has ended. */
  readonly ended: (name: string, id: string, status: "succeeded" | "failed", reason: string) => void;
}

/** Takes commands, one after the other, each id once; but nothing waits for a text to be spoken, which may take minutes. */
export interface CommandDesk {
  /**
   * @param levels the topic's levels after `dn/command/`
   * @param payload null: it was too large to be taken
   */
  receive(levels: readonly string[], payload: Uint8Array | null, retained: boolean): void;
  /** Tells what became of commands that were under way when the agent last ended. Called once there is someone to hear. */
  resume(): void;
  close(): Promise<void>;
}

/** Waiting for their turn. */
const mostWaiting = 8;
const longestMs = 60_000;
/** From `not_after` on: by then a text has begun, or never will, and none takes so long. A speaker has its own limits. */
const longestSayMs = 3_600_000;

export function openCommandDesk(options: CommandDeskOptions): CommandDesk {
  const { executors, clock, logger, publish } = options;
  const file = options.file === null ? null : keptFile(options.file, clock, options.onDisk);
  let journal: readonly TakenCommand[] = options.file === null ? [] : loadJournal(options.file, logger);
  const unfinished = journal.filter(({ status }) => !isOver(status));
  let working: Promise<void> = Promise.resolve();
  let waiting = 0;
  const closing = new AbortController();

  function note(next: readonly TakenCommand[]): void {
    journal = next;
    file?.save(journalText(journal));
  }

  function refuse(name: string, id: string, why: string): void {
    logger.warn("a command was refused", { name, id, reason: why });
    options.refused(name, id, why);
  }

  function receive(levels: readonly string[], payload: Uint8Array | null, retained: boolean): void {
    const nowMs = clock.wallMs();
    const read = readCommand(levels, payload, retained, nowMs);
    if (read.is === "nothing") {
      logger.debug("an empty message is no command");
      return;
    }
    if (read.is === "unreadable") {
      logger.warn("what came is no command", { reason: read.why });
      return;
    }
    // First: one that comes again too late was answered already, and has not failed for that.
    const before = journal.find((each) => each.id === read.id);
    if (before !== undefined && before.name === levels[0]) {
      const { name, id, status } = before;
      logger.info("a command came again; it is not executed twice", { name, id, status });
      return;
    }
    if (read.is === "refused") return refuse(read.name, read.id, read.why);
    const { command, id, notAfterMs } = read;
    if (before !== undefined) return refuse(command.name, id, `a ${before.name} had this id: each command has its own`);
    if (closing.signal.aborted)
      return refuse(command.name, id, "the agent is about to end: send it again with the same id");
    if (waiting >= mostWaiting) return refuse(command.name, id, "too many commands wait already");
    const next = withCommand(journal, { id, name: command.name, notAfterMs, status: "waiting" }, nowMs);
    if (next === null)
      return refuse(command.name, id, "too many commands came within their time: give a nearer not_after");
    note(next);
    waiting += 1;
    publish(command.name, id, { status: "accepted", reason: "", result: null });
    working = working.then(() => takeUp(command, id, notAfterMs));
  }

  /** Resolves when the next may be taken up. */
  async function takeUp(command: Command, id: string, notAfterMs: number): Promise<void> {
    waiting -= 1;
    if (closing.signal.aborted) return;
    // On disk before it is begun: after a crash it must not be begun again.
    note(withStatus(journal, id, "taken"));
    if (file !== null) await atMost(clock, diskPatienceMs, file.flush());
    const executed = execute(command, id, notAfterMs);
    if (command.name !== "say") await executed;
  }

  async function execute(command: Command, id: string, notAfterMs: number): Promise<void> {
    if (closing.signal.aborted) return;
    try {
      if (clock.wallMs() > notAfterMs) throw new Fault("command-failed", "its turn came after not_after");
      publish(command.name, id, { status: "executing", reason: "", result: null });
      logger.info("executing a command", { name: command.name, id });
      const limitMs = command.name === "say" ? notAfterMs - clock.wallMs() + longestSayMs : longestMs;
      const result = await within(limitMs, run(executors, command, notAfterMs));
      // What ends from here on is not on disk: the next start will tell of it, and must be the only one.
      if (closing.signal.aborted) return;
      end(command.name, id, "succeeded", "", result);
    } catch (error) {
      if (closing.signal.aborted) return;
      end(command.name, id, "failed", printable(toFault(error).message), null);
    }
  }

  function end(name: string, id: string, status: "succeeded" | "failed", reason: string, result: CommandResult): void {
    note(withStatus(journal, id, status));
    logger.info(`a command ${status}`, { name, id, reason });
    publish(name, id, { status, reason, result });
    options.ended(name, id, status, reason);
  }

  async function within(ms: number, work: Promise<CommandResult>): Promise<CommandResult> {
    const over = new AbortController();
    const ending = AbortSignal.any([over.signal, closing.signal]);
    const late = pause(clock, ms, ending).then(() => {
      if (ending.aborted) return null;
      throw new Fault("command-failed", `it took longer than ${Math.round(ms / 1000)} s`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      over.abort();
    }
  }

  return {
    receive,
    resume() {
      for (const { name, id, status } of unfinished.splice(0)) {
        // Its id stays taken: the broker may give it again, when whoever was told that it failed has sent it anew.
        const why =
          status === "taken"
            ? "the agent ended while it was executed: whether it was is not known"
            : "the agent ended before its turn came: it was not executed, and may be sent again under another id";
        end(name, id, "failed", why, null);
      }
    },
    async close() {
      closing.abort();
      await file?.flush();
      file?.close();
    },
  };
}

async function run(executors: Executors, command: Command, notAfterMs: number): Promise<CommandResult> {
  const unavailable = new Fault("command-failed", "not available in this version");
  switch (command.name) {
    case "say":
      if (executors.say === undefined) throw unavailable;
      return executors.say(command.args, notAfterMs);
    case "log-level":
      if (executors["log-level"] === undefined) throw unavailable;
      return executors["log-level"](command.args, notAfterMs);
    case "mute":
    case "unmute":
    case "start":
    case "stop":
    case "restart-session":
    case "self-test":
    case "report": {
      const executor = executors[command.name];
      if (executor === undefined) throw unavailable;
      return executor(command.args, notAfterMs);
    }
  }
}
