/** Facts beside a log message. Never secrets, never speech. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What a room needs of logging; the program's edge decides where lines go. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
