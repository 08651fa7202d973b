import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Clock } from "../base/clock.ts";
import { isLoopback } from "../base/loopback.ts";

// Who may ask the console for what. Pure, but for drawing session ids.

export interface DoorOptions {
  readonly tls: boolean;
  /** Names that the server's certificate is for; without TLS: none. */
  readonly names: readonly string[];
  /** null: whoever reaches it may come in, which is allowed on a loopback address only. */
  readonly token: string | null;
  readonly clock: Clock;
}

/** What a request says of itself. */
export interface Visit {
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

export type Admission =
  | { readonly is: "in" }
  /** It must show the token. */
  | { readonly is: "stranger" }
  /** It comes from another page, or by a name that is not ours. */
  | { readonly is: "out"; readonly why: string };

const cookieName = "sis_console";
/** Sessions at a time; the oldest gives way. */
const mostSessions = 256;
const sessionSeconds = 12 * 3_600;

export class Door {
  readonly #options: DoorOptions;
  /** The digest of each session's id, and when it ends on the monotonic clock. */
  readonly #sessions = new Map<string, number>();

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  admit(visit: Visit): Admission {
    const host = hostOf(visit.host);
    // A name that a stranger's DNS points here (DNS rebinding) is in Host, and is none of ours.
    if (host === null || !this.#isOurs(host)) return { is: "out", why: "this console is not known by that name" };
    const scheme = this.#options.tls ? "https" : "http";
    const sameOrigin = visit.origin === undefined || visit.origin === `${scheme}://${visit.host}`;
    const crossSite = visit.fetchSite === "cross-site" || visit.fetchSite === "same-site";
    // A link from elsewhere may open the page; nothing else comes from elsewhere.
    const opensPage = visit.method === "GET" && visit.path === "/";
    if (!sameOrigin || (crossSite && !opensPage)) return { is: "out", why: "asked by another page" };
    const { token } = this.#options;
    if (token === null) return { is: "in" };
    const bearer = /^Bearer +(\S+)$/i.exec(visit.authorization ?? "")?.[1];
    if (bearer !== undefined) return this.isToken(bearer) ? { is: "in" } : { is: "stranger" };
    const session = new RegExp(`(?:^|; *)${cookieName}=([0-9a-f]{64})(?:;|$)`).exec(visit.cookie ?? "")?.[1];
    const endsMs = session === undefined ? undefined : this.#sessions.get(digest(session).toString("hex"));
    return endsMs !== undefined && this.#options.clock.monotonicMs() < endsMs ? { is: "in" } : { is: "stranger" };
  }

  isToken(text: string): boolean {
    const { token } = this.#options;
    return token !== null && timingSafeEqual(digest(text), digest(token));
  }

  /** The value of `Set-Cookie` for whoever has shown the token. */
  newSession(): string {
    const session = randomBytes(32).toString("hex");
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= mostSessions && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(digest(session).toString("hex"), this.#options.clock.monotonicMs() + sessionSeconds * 1000);
    const secure = this.#options.tls ? "; Secure" : "";
    return `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionSeconds}${secure}`;
  }

  #isOurs(host: string): boolean {
    if (isLoopback(host)) return true;
    // Numbers come from no DNS. Without TLS nothing but loopback is served.
    if (isIP(host) !== 0) return this.#options.tls;
    return this.#options.names.some((name) => matches(name.toLowerCase(), host));
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The host in a Host header, without its port; null: there is none, or it is no host. */
function hostOf(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? "");
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
}

function matches(name: string, host: string): boolean {
  if (!name.startsWith("*.")) return name === host;
  return host.endsWith(name.slice(1)) && !host.slice(0, host.length - name.length + 1).includes(".");
}
