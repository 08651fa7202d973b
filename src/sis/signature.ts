import { createHash, createHmac } from "node:crypto";
import { isoTime } from "../base/iso-time.ts";

/** An access key of the cloud account. */
export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A request without a body, as the gateway's signature sees it. */
export interface SignableRequest {
  readonly method: string;
  readonly url: URL;
  /** The headers that are signed, by any spelling of their names. They must be sent exactly so. */
  readonly headers: Readonly<Record<string, string>>;
}

const algorithm = "SDK-HMAC-SHA256";
const emptyBodyHash = sha256("");

/**
 * The headers that make a request one of the key's owner: those given, `Host`, `X-Sdk-Date`, and the `Authorization`
 * that signs them all. Send exactly these, and the gateway can verify it from what it receives.
 * @param dateMs when it is signed, ms since the epoch; the gateway allows a skew of 15 minutes
 * Source: API Gateway, "signing requests with AK/SK" (SDK-HMAC-SHA256).
 */
export function signRequest(key: AccessKey, request: SignableRequest, dateMs: number): Record<string, string> {
  const date = sdkDate(dateMs);
  const headers = { ...request.headers, Host: request.url.host, "X-Sdk-Date": date };
  const { names, text } = canonicalRequest({ ...request, headers });
  const signature = signText(key.secretKey, stringToSign(date, text));
  return {
    ...headers,
    Authorization: `${algorithm} Access=${key.accessKey}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** The request in the one form that both sides hash, and the names of its headers as `SignedHeaders` lists them. */
export function canonicalRequest(request: SignableRequest): { readonly names: string; readonly text: string } {
  const headers = Object.entries(request.headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .toSorted(([one], [other]) => compare(one, other));
  const names = headers.map(([name]) => name).join(";");
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join("");
  const text = [
    request.method.toUpperCase(),
    canonicalPath(request.url.pathname),
    canonicalQuery(request.url.searchParams),
    lines,
    names,
    emptyBodyHash,
  ].join("\n");
  return { names, text };
}

/** What is signed. `date` is the X-Sdk-Date header. */
export function stringToSign(date: string, canonical: string): string {
  return `${algorithm}\n${date}\n${sha256(canonical)}`;
}

/** The signature of a string to sign: lower-case hex. */
export function signText(secretKey: string, text: string): string {
  return createHmac("sha256", secretKey).update(text).digest("hex");
}

/** A time as X-Sdk-Date: `20191115T033655Z`. */
export function sdkDate(ms: number): string {
  return isoTime(ms).replace(/[-:]|\.\d+/g, "");
}

/** Each segment decoded and encoded again, so that every spelling of a path gives the same; always ends in `/`. */
function canonicalPath(path: string): string {
  const encoded = path.split("/").map((segment) => encode(decode(segment)));
  return encoded.at(-1) === "" ? encoded.join("/") : `${encoded.join("/")}/`;
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .toSorted(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Percent-encodes all but letters, digits and `-._~` (RFC 3986). */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** By UTF-16 code units, as every side of the signature sorts; not by any language's alphabet. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
