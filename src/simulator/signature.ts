import { timingSafeEqual } from "node:crypto";
import { limits } from "../sis/request.ts";
import { canonicalRequest, signText, stringToSign } from "../sis/signature.ts";

/** A request without a body, as it arrived. */
export interface ArrivedRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The outcome of a check: good, or what is wrong with it. */
export type SignatureCheck = "good" | "malformed" | "unknown-key" | "bad-date" | "stale" | "wrong";

/**
 * Checks an AK/SK signature, as the API gateway does: signs what arrived with the secret that belongs to the access
 * key, and compares. Source: API Gateway, "signing requests with AK/SK" (SDK-HMAC-SHA256).
 *
 * @param nowMs the gateway's wall clock, ms since the epoch
 */
export function checkSignature(
  request: ArrivedRequest,
  secretOf: (accessKey: string) => string | undefined,
  nowMs: number,
): SignatureCheck {
  const { authorization, "x-sdk-date": date } = request.headers;
  if (typeof authorization !== "string") return "malformed";
  const [, accessKey, names, signature] = authorizationPattern.exec(authorization) ?? [];
  if (accessKey === undefined || names === undefined || signature === undefined) return "malformed";
  const dateMs = typeof date === "string" ? timeOf(date) : null;
  const headers = signedHeaders(request, names.split(";"));
  if (typeof date !== "string" || dateMs === null || headers["x-sdk-date"] === undefined) return "bad-date";
  if (Math.abs(nowMs - dateMs) > limits.signatureSkewMs) return "stale";
  const secret = secretOf(accessKey);
  if (secret === undefined) return "unknown-key";
  const url = URL.parse(`http://gateway${request.target}`);
  if (url === null) return "wrong";
  const { text } = canonicalRequest({ method: request.method, url, headers });
  const expected = Buffer.from(signText(secret, stringToSign(date, text)), "hex");
  return timingSafeEqual(expected, Buffer.from(signature, "hex")) ? "good" : "wrong";
}

const authorizationPattern =
  /^SDK-HMAC-SHA256 Access=([^,\s]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/** What is signed; a header that is not there, or is there twice, cannot have been signed. */
function signedHeaders(request: ArrivedRequest, names: readonly string[]): Record<string, string> {
  const pairs = names.map((name) => [name, request.headers[name]] as const);
  return Object.fromEntries(pairs.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

/** `20191115T033655Z` as ms since the epoch. */
function timeOf(text: string): number | null {
  const parts = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}
