import { isLoopback } from "../base/loopback.ts";

/** Why a text cannot be the service's endpoint; null: it can. */
export function serviceUrlProblem(text: string): string | null {
  return addressProblem(text, ["wss:", "ws:"]) ?? plainProblem(text, "ws:", "wss:");
}

/** Why a text cannot be the address of the token service; null: it can. */
export function iamUrlProblem(text: string): string | null {
  return addressProblem(text, ["https:", "http:"]) ?? plainProblem(text, "http:", "https:");
}

/** Why a text cannot be a broker's address; null: it can. */
export function brokerUrlProblem(text: string): string | null {
  return addressProblem(text, ["mqtts:", "mqtt:"]);
}

/** Whether a broker's address is one of an encrypted connection. */
export function isEncrypted(brokerUrl: string): boolean {
  return /^mqtts:/i.test(brokerUrl);
}

/** The region that a service endpoint of the usual form (`sis-ext.REGION.myhuaweicloud.com`) lies in, and the domain. */
export function regionOf(endpoint: string): { readonly region: string; readonly domain: string } | null {
  const parts = /^wss:\/\/sis-ext\.([a-z0-9-]+)\.(myhuaweicloud\.[a-z]+)(?::\d+)?\/?$/.exec(endpoint.toLowerCase());
  const [, region, domain] = parts ?? [];
  return region === undefined || domain === undefined ? null : { region, domain };
}

/**
 * A text that may be an address, or was meant as one, without what may be a password: all up to the last `@`, and all
 * after a `?` or `#`. Where these come first, an `@` may be part of what is hidden as well as its end: nothing is shown.
 */
export function withoutCredentials(text: string): string {
  const scheme = /^(?:wss?|https?|mqtts?):\/\//i.exec(text)?.[0] ?? "";
  const rest = text.slice(scheme.length);
  const host = rest.lastIndexOf("@") + 1;
  const query = rest.search(/[?#]/);
  if (query === -1) return `${scheme}${host === 0 ? "" : "***@"}${rest.slice(host)}`;
  if (query < host) return `${scheme}***`;
  return `${scheme}${host === 0 ? "" : "***@"}${rest.slice(host, query + 1)}***`;
}

function addressProblem(text: string, schemes: readonly string[]): string | null {
  if (text.includes("@")) return "holds a user or a password: these have settings of their own";
  if (!URL.canParse(text)) return "is not an address";
  const url = new URL(text);
  if (!schemes.includes(url.protocol)) return `begins with ${JSON.stringify(url.protocol.slice(0, 20))}`;
  if (url.hostname === "") return "names no host";
  if (url.pathname !== "" && url.pathname !== "/") return "has a path";
  if (url.search !== "" || url.hash !== "") return "has a query or a fragment";
  return null;
}

/** Speech and credentials never cross a network in the clear. */
function plainProblem(text: string, plain: string, secure: string): string | null {
  const url = new URL(text);
  if (url.protocol !== plain || isLoopback(url.hostname)) return null;
  return `is not encrypted: ${plain}// is for loopback only, use ${secure}//`;
}
