/** The local time of day to a tenth of a second: `09:41:07.3`. */
export function clockTime(wallMs: number): string {
  const at = new Date(wallMs);
  const part = (value: number) => String(value).padStart(2, "0");
  const tenth = Math.floor(at.getMilliseconds() / 100);
  return `${part(at.getHours())}:${part(at.getMinutes())}:${part(at.getSeconds())}.${tenth}`;
}

/** `0.42 s`, `3.1 s`, `65 s`: three digits at most. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return `${seconds.toFixed(seconds < 1 ? 2 : seconds < 10 ? 1 : 0)} s`;
}

/** `1:05` */
export function minutes(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** `1 word`, `2 words` */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
