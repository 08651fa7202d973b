import type { Clock } from "../base/clock.ts";
import { Fault, toFault } from "../base/fault.ts";
import { HttpAnswer, parseHttpDate, parseRefusalBody, parseRetryAfter } from "./http-answer.ts";
import { objectOf, parseObject } from "./json.ts";
import { explainNetworkError } from "./network-errors.ts";
import { limits } from "./request.ts";

/** What a token is good for: a project by its name (the region's, `cn-north-4`) or by its id. */
export type ProjectScope = { readonly name: string } | { readonly id: string };

/** Who asks IAM for a token, and for what. */
export interface TokenRequest {
  /** Where `POST /v3/auth/tokens` goes. */
  readonly url: URL;
  readonly user: string;
  /** The account's name. */
  readonly domain: string;
  readonly password: string;
  readonly project: ProjectScope;
}

/** A token and how long it lives, ms from its arrival, 0 to 24 h. */
export interface IssuedToken {
  readonly token: string;
  readonly lifeMs: number;
}

const timeoutMs = 10_000;
const longestBody = 512 * 1024;

/**
 * Asks IAM for a token with a user's password. Nothing of the request is ever part of a message.
 * @throws Fault token-refused where IAM says no (400, 401, 403, 404), token-unreachable where it cannot be asked
 *   (network, no answer in 10 s, redirects, 429, 5xx, an answer without a token); where an HTTP answer says so, it is
 *   the fault's cause, as HttpAnswer; the signal's reason where it aborts
 * Source: IAM API reference, "obtaining a user token through password authentication".
 */
export async function requestToken(request: TokenRequest, clock: Clock, signal: AbortSignal): Promise<IssuedToken> {
  const late = new AbortController();
  using _timer = clock.after(timeoutMs, () => {
    late.abort(
      new Fault("token-unreachable", `${where(request)} did not answer within ${timeoutMs / 1000} s`, {
        hint: "Check iam_endpoint and the network's delay and load; a firewall that drops packets looks like this too.",
      }),
    );
  });
  try {
    const answer = await fetch(request.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(bodyOf(request)),
      redirect: "manual",
      signal: AbortSignal.any([signal, late.signal]),
    });
    const body = await readBounded(answer.body);
    signal.throwIfAborted();
    return issuedToken(request, answer, body, clock.wallMs());
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) throw toFault(late.signal.reason);
    if (error instanceof Fault) throw error;
    const { code, meaning, hint } = explainNetworkError(error, "iam_endpoint");
    const detail = code === null ? "" : ` (${code})`;
    throw new Fault("token-unreachable", `${where(request)} cannot be asked: ${meaning}${detail}`, {
      hint,
      cause: error,
    });
  }
}

function bodyOf({ user, domain, password, project }: TokenRequest): unknown {
  return {
    auth: {
      identity: { methods: ["password"], password: { user: { name: user, password, domain: { name: domain } } } },
      scope: { project },
    },
  };
}

function issuedToken(request: TokenRequest, answer: Response, body: string, wallMs: number): IssuedToken {
  const nowMs = parseHttpDate(answer.headers.get("Date") ?? undefined) ?? wallMs;
  if (answer.status !== 201 && answer.status !== 200) throw refusal(request, answer, body, nowMs);
  const token = answer.headers.get("X-Subject-Token") ?? "";
  if (!isToken(token)) {
    throw new Fault("token-unreachable", `${where(request)} answered ${answer.status} without a usable token`, {
      hint: "Check iam_endpoint: what answers there is not IAM.",
    });
  }
  const lifeMs = (expiryOf(body) ?? nowMs + limits.tokenLifeMs) - nowMs;
  return { token, lifeMs: Math.min(limits.tokenLifeMs, Math.max(0, lifeMs)) };
}

/** Whether it can be sent as a header: visible ASCII, at most 16 KiB. */
export function isToken(text: string): boolean {
  return /^[!-~]{1,16384}$/.test(text);
}

/** `token.expires_at` of the body, ms since the epoch; null where there is none that makes sense. */
function expiryOf(body: string): number | null {
  const expiry = objectOf(parseObject(body)?.["token"])?.["expires_at"];
  if (typeof expiry !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(expiry)) return null;
  const ms = Date.parse(expiry);
  return Number.isFinite(ms) ? ms : null;
}

const hints: Readonly<Record<number, string>> = {
  400: "IAM calls the request malformed: check user, domain and the region or project under [sis.auth].",
  401: "Check user, domain (the account's name, not the user's) and password. An account upgraded to a HUAWEI ID cannot use its own password: make an IAM user. Too many wrong attempts lock the user for a while.",
  403: "The IAM user may not get tokens: check that it is enabled and allowed programmatic access.",
  404: "IAM does not know the project or the address: check iam_endpoint, region and project_id.",
};

/** @param nowMs what a date in Retry-After is compared with */
function refusal(request: TokenRequest, { status, headers }: Response, body: string, nowMs: number): Fault {
  const said = parseRefusalBody(body);
  const words = [said.code, said.message].filter((part) => part !== null).join(" ");
  const message = `${where(request)} answered HTTP ${status} ${withoutSecret(words, request.password)}`.trim();
  const cause = new HttpAnswer(status, parseRetryAfter(headers.get("Retry-After") ?? undefined, nowMs));
  if (status in hints) return new Fault("token-refused", message, { hint: hints[status] ?? "", cause });
  const hint =
    status < 400
      ? "A captive portal or a proxy answers in IAM's place, or iam_endpoint is wrong."
      : "The agent keeps trying. If it goes on, check iam_endpoint and IAM's state in the cloud console.";
  return new Fault("token-unreachable", message, { hint, cause });
}

function withoutSecret(text: string, secret: string): string {
  return secret === "" ? text : text.replaceAll(secret, "***");
}

function where(request: TokenRequest): string {
  return `IAM at ${request.url.host}`;
}

/** The beginning of a body, up to 512 KiB; one that breaks off or hangs counts as far as it came. */
async function readBounded(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= longestBody) break;
    }
  } catch {
    // The status and the headers have arrived, and they decide.
  }
  return Buffer.concat(chunks, Math.min(length, longestBody)).toString("utf8");
}
