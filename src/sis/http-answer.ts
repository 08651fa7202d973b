import { objectOf, parseObject, wordsOf } from "./json.ts";

/** An HTTP answer that was not the hoped-for one, as the cause of a Fault. */
export class HttpAnswer extends Error {
  readonly status: number;
  /** What its Retry-After asks for, or null. */
  readonly retryAfterMs: number | null;

  constructor(status: number, retryAfterMs: number | null) {
    super(`HTTP ${status}`);
    this.name = "HttpAnswer";
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The wait that the HTTP answer underneath an error asked for, ms; null: none. */
export function retryAfterOf(error: unknown): number | null {
  return error instanceof Error && error.cause instanceof HttpAnswer ? error.cause.retryAfterMs : null;
}

/** What the body of a refusal says, bounded and printable. */
export interface RefusalBody {
  readonly code: string | null;
  readonly message: string | null;
}

/**
 * Reads the body of a refusal: `{"error_code","error_msg"}` of SIS and the gateway, `{"error":{"code","message"}}` of
 * IAM. Anything else (a proxy's web page) gives nulls. Never throws.
 */
export function parseRefusalBody(body: string): RefusalBody {
  const top = parseObject(body);
  if (top === null) return { code: null, message: null };
  const nested = objectOf(top["error"]);
  const code = wordsOf(top["error_code"] ?? nested?.["code"], 64);
  return {
    code: code !== null && /^[\w.-]+$/.test(code) ? code : null,
    message: wordsOf(top["error_msg"] ?? nested?.["message"], 200),
  };
}

const longestRetryMs = 24 * 60 * 60 * 1000;

/**
 * A Retry-After header as a wait in ms, 0 to 24 h; null where there is none or it makes no sense.
 * @param nowMs the time that a date in it is compared with: better the answer's own Date than this device's clock
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.slice(0, 64).trim();
  const waitMs = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : subtract(parseHttpDate(text), nowMs);
  return waitMs === null ? null : Math.min(longestRetryMs, Math.max(0, waitMs));
}

/** A Date header (RFC 9110, IMF-fixdate) as ms since the epoch; null where it is none. */
export function parseHttpDate(header: string | undefined): number | null {
  if (header === undefined || !/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header))
    return null;
  const ms = Date.parse(header);
  return Number.isFinite(ms) ? ms : null;
}

function subtract(ms: number | null, fromMs: number): number | null {
  return ms === null ? null : ms - fromMs;
}
