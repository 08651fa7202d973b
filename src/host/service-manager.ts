import { execFile } from "node:child_process";
import type { Logger } from "../base/logger.ts";

/** What a service tells its manager: names and values of sd_notify(3). */
export type News = Readonly<Record<string, string>>;

export interface ServiceManager {
  /** How long it waits for `WATCHDOG=1` before it thinks that the service hangs, ms; null: it does not wait for any. */
  readonly watchdogMs: number | null;
  /** Resolves when it has been told, or cannot be. Never rejects. What is told in the meantime goes with the next call. */
  tell(news: News): Promise<void>;
}

/** A manager that does not answer must not hold us up. */
const patienceMs = 5000;

/**
 * systemd, where it has started us and wants to be told. Node has no datagram sockets of the kind that it listens on:
 * its own `systemd-notify` speaks for us, so the unit needs NotifyAccess=all. One process at a time, some milliseconds each.
 * @returns null where no manager listens
 */
export function serviceManagerOf(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
  logger: Logger,
): ServiceManager | null {
  if ((environment["NOTIFY_SOCKET"] ?? "") === "") return null;
  let waiting: Record<string, string> = {};
  let telling: Promise<void> | null = null;
  let complained = false;

  async function tellAll(): Promise<void> {
    while (Object.keys(waiting).length > 0) {
      const news = waiting;
      waiting = {};
      const why = await systemdNotify(news);
      if (why === null) continue;
      if (!complained) logger.warn("systemd cannot be told how the agent is", { reason: why });
      complained = true;
      // It goes with what is told next: a service that is not known to be ready is ended. A beat is worth something
      // now, or never.
      const { WATCHDOG: _, ...lasting } = news;
      const isNews = Object.keys(waiting).length > 0;
      waiting = { ...lasting, ...waiting };
      if (!isNews) break;
    }
    telling = null;
  }

  return {
    watchdogMs: watchdogMsOf(environment, pid),
    tell(news) {
      waiting = { ...waiting, ...news };
      telling ??= tellAll();
      return telling;
    },
  };
}

/** @returns why it failed; null: it did not */
function systemdNotify(news: News): Promise<string | null> {
  const assignments = Object.entries(news).map(([name, value]) => `${name}=${value}`);
  return new Promise((resolve) => {
    const options = { timeout: patienceMs, encoding: "utf8" } as const;
    try {
      execFile("systemd-notify", assignments, options, (error, _stdout, stderr) => {
        resolve(error === null ? null : stderr.trim() || error.message);
      });
    } catch (error) {
      // Most of why a program cannot be started (a card that fails, no memory) Node does not tell the callback.
      resolve(error instanceof Error ? error.message : String(error));
    }
  });
}

/** Source: sd_watchdog_enabled(3). */
function watchdogMsOf(environment: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  const microseconds = Number(environment["WATCHDOG_USEC"]);
  const meant = environment["WATCHDOG_PID"] ?? "";
  return microseconds > 0 && (meant === "" || Number(meant) === pid) ? microseconds / 1000 : null;
}
