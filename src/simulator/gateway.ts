import type { IncomingHttpHeaders } from "node:http";
import { isoTime } from "../base/iso-time.ts";
import type { Mode } from "../sis/request.ts";
import type { Accounts, Tokens } from "./accounts.ts";
import { checkSignature, type SignatureCheck } from "./signature.ts";

/** How a client must prove who it is. */
export type AuthMode = "none" | "token" | "aksk" | "any";
export const authModes: readonly AuthMode[] = ["none", "token", "aksk", "any"];

/** A request that is not let through. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** A connection that is let through. */
export interface Admission {
  /** rtts: for synthesis. */
  readonly mode: Mode | "rtts";
  readonly projectId: string;
}

const modes: Readonly<Record<string, Admission["mode"]>> = {
  "rasr/continue-stream": "continuous",
  "rasr/sentence-stream": "sentence",
  "rasr/short-stream": "short",
  rtts: "rtts",
};

/**
 * Decides on a request to open a WebSocket, as the API gateway in front of the service does.
 *
 * @param nowMs the service's wall clock, ms since the epoch
 */
export function admit(
  request: { readonly method: string; readonly target: string; readonly headers: IncomingHttpHeaders },
  door: { readonly auth: AuthMode; readonly accounts: Accounts; readonly tokens: Tokens },
  nowMs: number,
): Admission | Refusal {
  const [, projectId, path = ""] = /^\/v1\/([\w-]{1,64})\/([a-z/-]+?)\/?(?:\?.*)?$/.exec(request.target) ?? [];
  const mode = Object.hasOwn(modes, path) ? modes[path] : undefined;
  if (projectId === undefined || mode === undefined) return noSuchApi;
  const refusal = identify(request, door, nowMs);
  if (refusal !== null) return refusal;
  if (door.accounts.project !== null && door.accounts.project.id !== projectId) {
    return { status: 401, code: "SIS.0101", message: "project_id doesn't match the token" };
  }
  return { mode, projectId };
}

/** The answer to a path that leads nowhere. */
export const noSuchApi: Refusal = {
  status: 404,
  code: "APIG.0101",
  message: "The API does not exist or has not been published in the environment",
};

/** What the gateway and the service say where a fault does not say it itself. */
export function usualRefusal(status: number): Refusal {
  return (
    usualRefusals.find((refusal) => refusal.status === status) ?? { status, code: "APIG.0201", message: "Bad request" }
  );
}

const usualRefusals: readonly Refusal[] = [
  { status: 400, code: "APIG.0201", message: "Bad request" },
  { status: 401, code: "APIG.0301", message: "Incorrect IAM authentication information: decrypt token fail" },
  { status: 403, code: "APIG.0302", message: "The IAM user is not authorized to access the API." },
  noSuchApi,
  { status: 429, code: "APIG.0308", message: "The throttling threshold has been reached: policy user over ratelimit" },
  { status: 500, code: "SIS.0100", message: "internal service error" },
  { status: 502, code: "APIG.0202", message: "Backend unavailable" },
  { status: 503, code: "APIG.0201", message: "Backend unavailable" },
  { status: 504, code: "APIG.0201", message: "Backend timeout." },
];

/** null: known. */
function identify(
  request: { readonly method: string; readonly target: string; readonly headers: IncomingHttpHeaders },
  door: { readonly auth: AuthMode; readonly accounts: Accounts; readonly tokens: Tokens },
  nowMs: number,
): Refusal | null {
  if (door.auth === "none") return null;
  const token = request.headers["x-auth-token"];
  if (typeof token === "string" && door.auth !== "aksk") return checkToken(token, door.tokens, nowMs);
  if (request.headers.authorization !== undefined && door.auth !== "token") {
    const check = checkSignature(
      request,
      (accessKey) =>
        Object.hasOwn(door.accounts.accessKeys, accessKey) ? door.accounts.accessKeys[accessKey] : undefined,
      nowMs,
    );
    return check === "good" ? null : unauthenticated(signatureProblems[check]);
  }
  return unauthenticated("x-auth-token not found");
}

function checkToken(token: string, tokens: Tokens, nowMs: number): Refusal | null {
  const end = tokens.endOf(token);
  if (end === null) return unauthenticated("decrypt token fail");
  if (nowMs < end) return null;
  return unauthenticated(`token expires, expires_at: ${isoTime(end)}`);
}

const signatureProblems: Readonly<Record<Exclude<SignatureCheck, "good">, string>> = {
  malformed: "authorization header is invalid",
  "unknown-key": "get secretKey failed, access key is unknown",
  "bad-date": "x-sdk-date header is missing or invalid",
  stale: "signature expired, x-sdk-date is more than 15 minutes off",
  wrong: "verify aksk signature fail",
};

function unauthenticated(why: string): Refusal {
  return { status: 401, code: "APIG.0301", message: `Incorrect IAM authentication information: ${why}` };
}
