/**
 * A time as RFC 3339 has it, in UTC and with milliseconds. That of `Date` looks up this machine's time zone as well,
 * for which Node keeps a megabyte.
 * @param wallMs ms since the epoch; years 0 to 9999
 * @throws {RangeError} for what is no time
 */
export function isoTime(wallMs: number): string {
  const at = new Date(wallMs);
  if (Number.isNaN(at.getTime())) throw new RangeError("not a time");
  const day = `${part(at.getUTCFullYear(), 4)}-${part(at.getUTCMonth() + 1)}-${part(at.getUTCDate())}`;
  const second = `${part(at.getUTCHours())}:${part(at.getUTCMinutes())}:${part(at.getUTCSeconds())}`;
  return `${day}T${second}.${part(at.getUTCMilliseconds(), 3)}Z`;
}

function part(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}
