import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What a signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** The outcome of a check: good, or what is wrong with it. */
export type SignatureCheck = "good" | "malformed" | "unknown-key" | "bad-date" | "stale" | "wrong";

/** The gateway refuses a signature whose date is further off than this. */
const greatestSkewMs = 15 * 60 * 1000;

/**
 * Checks an AK/SK signature, as the API gateway does: rebuilds the canonical request from what arrived, and signs it
 * with the secret that belongs to the access key. Source: API Gateway, "signature algorithm" (SDK-HMAC-SHA256).
 */
export function checkSignature(
  request: SignedRequest,
  secretOf: (accessKey: string) => string | undefined,
  nowMs: number,
): SignatureCheck {
  const { authorization, "x-sdk-date": date } = request.headers;
  const parts = /^SDK-HMAC-SHA256 Access=([^,\s]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
    authorization ?? "",
  );
  const [, accessKey, names, signature] = parts ?? [];
  if (accessKey === undefined || names === undefined || signature === undefined) return "malformed";
  const signed = names.split(";").toSorted();
  const dateMs = dateOf(date ?? "");
  if (dateMs === null || date === undefined || !signed.includes("x-sdk-date")) return "bad-date";
  if (Math.abs(nowMs - dateMs) > greatestSkewMs) return "stale";
  const secret = secretOf(accessKey);
  if (secret === undefined) return "unknown-key";
  const canonical = canonicalRequest(request, signed);
  if (canonical === null) return "wrong";
  const toSign = `SDK-HMAC-SHA256\n${date}\n${sha256(canonical)}`;
  const expected = createHmac("sha256", secret).update(toSign).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex")) ? "good" : "wrong";
}

/** null: a header that is said to be signed is not there. */
function canonicalRequest(request: SignedRequest, signed: readonly string[]): string | null {
  const [path = "/", query = ""] = request.target.split("?", 2);
  const values = signed.map((name) => [name, request.headers[name]] as const);
  if (values.some(([, value]) => value === undefined)) return null;
  const lines = [
    request.method,
    canonicalPath(path),
    canonicalQuery(query),
    ...values.map(([name, value]) => `${name}:${(value ?? "").trim()}`),
    "",
    signed.join(";"),
    sha256(request.body),
  ];
  return lines.join("\n");
}

function canonicalPath(path: string): string {
  const encoded = path.split("/").map((segment) => encode(decode(segment)));
  return encoded.at(-1) === "" ? encoded.join("/") : `${encoded.join("/")}/`;
}

function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].map(([key, value]) => `${encode(key)}=${encode(value)}`);
  return pairs.toSorted().join("&");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986: everything but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `20191115T033655Z` as ms since the epoch. */
function dateOf(text: string): number | null {
  const parts = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
