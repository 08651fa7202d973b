import { fstatSync } from "node:fs";
import { type DestinationStream, pino } from "pino";
import { systemClock } from "../base/clock.ts";
import { printable } from "../base/fault.ts";
import { isoTime } from "../base/iso-time.ts";
import type { Logger } from "../base/logger.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** How a line looks: JSON; JSON with journald's priority before it; or for people, with or without colours. */
export type LogStyle = "json" | "journal" | "plain" | "colour";

/** A logger whose least important messages can be chosen while it is used. */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** For commands that tell in their own words what went wrong. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A logger of JSON lines: level, time (RFC 3339 with milliseconds), msg, and the fields. Text in fields whose name
 * says that it is a secret is masked.
 * @param write takes a line, without its line break; must not block
 */
export function createLogger(level: LogLevel, style: LogStyle, write: (line: string) => void): AdjustableLogger {
  const lines: DestinationStream = { write: (line) => write(styled(line.trimEnd(), style)) };
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${isoTime(systemClock.wallMs())}"`,
      formatters: { level: (label) => ({ level: label }), log: guarded },
    },
    lines,
  );
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
    setLevel(to) {
      log.level = to;
    },
  };
}

/** The style that suits standard error. */
export function logStyle(environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): LogStyle {
  if (isTerminal) return (environment["NO_COLOR"] ?? "") === "" ? "colour" : "plain";
  return isJournal(environment["JOURNAL_STREAM"]) ? "journal" : "json";
}

/**
 * systemd names the device and inode of the stream it gave us; anything else behind descriptor 2 is not the journal.
 * Source: systemd.exec(5).
 */
function isJournal(journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(2, { bigint: true });
    return journalStream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

const secretName = /token|secret|passw|authorization|credential|signature|(?:access|api|private)_?key|x-auth/i;
const ownFields = new Set(["level", "time", "msg"]);

function guarded(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      // A fault without a hint has an empty one.
      .filter(([name, value]) => name !== "hint" || value !== "")
      .map(([name, value]) => [
        ownFields.has(name) ? `${name}_` : name,
        typeof value === "string" && secretName.test(name) ? "***" : value,
      ]),
  );
}

/** syslog's priorities; journald takes them from the beginning of a line. Source: sd-daemon(3). */
const priorities: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };
const colours: Readonly<Record<string, number>> = { debug: 90, info: 32, warn: 33, error: 31 };

function styled(json: string, style: LogStyle): string {
  if (style === "json") return json;
  const { level, time, msg, ...fields } = entryOf(json);
  if (style === "journal") return `<${priorities[String(level)] ?? 6}>${json}`;
  const paint = (colour: number, text: string) => (style === "colour" ? `\u001b[${colour}m${text}\u001b[0m` : text);
  const label = paint(colours[String(level)] ?? 0, String(level).toUpperCase().padEnd(5));
  const facts = Object.entries(fields).map(
    ([name, value]) => `${paint(90, `${printable(name, 60)}=`)}${readable(value)}`,
  );
  return [paint(90, clock(String(time))), label, printable(String(msg), 2000), ...facts].join(" ");
}

function entryOf(json: string): Readonly<Record<string, unknown>> {
  const entry: unknown = JSON.parse(json);
  return typeof entry === "object" && entry !== null ? { ...entry } : {};
}

/** The local time of day, to the millisecond. */
function clock(time: string): string {
  const at = new Date(time);
  const part = (value: number, length = 2) => String(value).padStart(length, "0");
  return `${part(at.getHours())}:${part(at.getMinutes())}:${part(at.getSeconds())}.${part(at.getMilliseconds(), 3)}`;
}

function readable(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  const text = printable(value, 500);
  return /^[\w.:/+-]+$/.test(text) ? text : JSON.stringify(text);
}
