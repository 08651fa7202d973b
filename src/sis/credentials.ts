import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { isLoopback } from "../base/loopback.ts";
import type { Random } from "../base/random.ts";
import { retryAfterOf } from "./http-answer.ts";
import { type IssuedToken, isToken, type ProjectScope, requestToken } from "./iam.ts";
import { type AccessKey, signRequest } from "./signature.ts";

/** Proves to the service who we are. */
export interface Credentials {
  /**
   * Headers for the upgrade request to `url`; to be sent exactly as they are.
   * @throws Fault token-refused, token-unreachable, config-invalid, or what reading a file throws; the signal's reason
   *   when it aborts
   */
  authorize(url: URL, signal: AbortSignal): Promise<Record<string, string>>;
  /**
   * The service refused what `authorize` gave: the next call gives something new where it can.
   * `serverDateMs`: the refusing answer's Date, where it had one.
   */
  refused(info: { readonly serverDateMs: number | null }): void;
  /** When what `authorize` last gave runs out, wall clock ms; null: never, or nobody knows. */
  expiresAtMs(): number | null;
}

/** A clock that is less off than this needs no correction; the gateway allows 15 minutes. */
const clockToleranceMs = 60_000;

/**
 * Signs with an access key. Where the service refuses and its Date shows that this device's clock is off, later
 * signatures go by the service's time.
 * @throws Fault config-invalid where a key is empty
 */
export function akskCredentials(options: AccessKey & { readonly clock: Clock }): Credentials {
  const { clock, accessKey, secretKey } = options;
  for (const [name, key] of Object.entries({ accessKey, secretKey })) {
    if (key.trim() === "") {
      throw new Fault("config-invalid", `${name} is empty`, {
        hint: "Is the variable or file set that it is taken from?",
      });
    }
  }
  // Counted on by the monotonic clock, so that a correction of the wall clock in between does no harm.
  let learned: { readonly serverMs: number; readonly atMs: number } | null = null;
  return {
    async authorize(url, signal) {
      signal.throwIfAborted();
      const nowMs = learned === null ? clock.wallMs() : learned.serverMs + clock.monotonicMs() - learned.atMs;
      // Content-Type is signed because the vendor's SDK does so on this very request.
      return signRequest(options, { method: "GET", url, headers: { "Content-Type": "application/json" } }, nowMs);
    },
    refused({ serverDateMs }) {
      if (serverDateMs === null) return;
      const off = Math.abs(serverDateMs - clock.wallMs()) > clockToleranceMs;
      learned = off ? { serverMs: serverDateMs, atMs: clock.monotonicMs() } : null;
    },
    expiresAtMs: () => null,
  };
}

/**
 * A token that someone else makes, read anew for each connection so that replacing the file's content is enough.
 * @param readToken gives the file's content; its failure is passed on
 */
export function tokenCredentials(readToken: () => string | Promise<string>): Credentials {
  return {
    async authorize(_url, signal) {
      signal.throwIfAborted();
      const token = (await abortable(Promise.resolve(readToken()), signal)).trim();
      if (!isToken(token)) {
        throw new Fault(
          "config-invalid",
          token === "" ? "the token's file is empty" : "the token's file holds no token",
          {
            hint: "Put the value of IAM's X-Subject-Token header into token_file: one line of visible characters.",
          },
        );
      }
      return { "X-Auth-Token": token };
    },
    refused() {},
    expiresAtMs: () => null,
  };
}

/** After a renewal failed and while the old token is still good, the next one is tried after this, or when IAM says. */
const renewalRetryMs = 5 * 60_000;

interface HeldToken {
  readonly token: string;
  /** Monotonic. */
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Tokens from IAM by user and password: cached, renewed at 80 to 90 % of their life (jitter, so that a fleet does not
 * ask at once), one request at a time however many ask, never logged. Where a renewal fails, the old token serves
 * until it expires.
 * @param options.iamEndpoint `https://iam.{region}.myhuaweicloud.com`; `http:` on loopback only
 * @throws Fault config-invalid where the endpoint is malformed
 */
export function passwordCredentials(options: {
  readonly iamEndpoint: string;
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly project: ProjectScope;
  readonly clock: Clock;
  readonly random: Random;
}): Credentials {
  const { clock, random } = options;
  const request = { ...options, url: tokenUrl(options.iamEndpoint) };
  const ask = shared((signal) => requestToken(request, clock, signal));
  let held: HeldToken | null = null;

  async function renew(old: HeldToken | null, signal: AbortSignal): Promise<HeldToken> {
    try {
      return hold(await ask(signal));
    } catch (error) {
      signal.throwIfAborted();
      const nowMs = clock.monotonicMs();
      // `held` is another when the old token was refused in the meantime.
      if (old === null || held !== old || nowMs >= old.expiresAtMs) throw error;
      const waitMs = Math.max(renewalRetryMs, retryAfterOf(error) ?? 0);
      return { ...old, renewAtMs: Math.min(nowMs + waitMs, old.expiresAtMs) };
    }
  }
  function hold({ token, lifeMs }: IssuedToken): HeldToken {
    const nowMs = clock.monotonicMs();
    return { token, renewAtMs: nowMs + lifeMs * (0.8 + 0.1 * random()), expiresAtMs: nowMs + lifeMs };
  }

  return {
    async authorize(_url, signal) {
      signal.throwIfAborted();
      if (held === null || clock.monotonicMs() >= held.renewAtMs) held = await renew(held, signal);
      return { "X-Auth-Token": held.token };
    },
    refused() {
      held = null;
    },
    expiresAtMs: () => (held === null ? null : clock.wallMs() + held.expiresAtMs - clock.monotonicMs()),
  };
}

function tokenUrl(endpoint: string): URL {
  const base = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const isSafe = base?.protocol === "https:" || (base?.protocol === "http:" && isLoopback(base.hostname));
  if (base === null || !isSafe || base.username || base.password) {
    throw new Fault(
      "config-invalid",
      "iam_endpoint is not of the form https://host[:port] (http:// on loopback only)",
      {
        hint: "Write the region's IAM endpoint, e.g. https://iam.cn-north-4.myhuaweicloud.com.",
      },
    );
  }
  return new URL("/v3/auth/tokens", base);
}

/** Lets callers share one run of `work`; it is aborted when the last of them has given up. */
function shared<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let run: { readonly result: Promise<T>; readonly scope: AbortController; waiting: number } | null = null;
  return async (signal) => {
    if (run === null) {
      const scope = new AbortController();
      run = { result: work(scope.signal), scope, waiting: 0 };
    }
    const mine = run;
    mine.waiting += 1;
    try {
      return await abortable(mine.result, signal);
    } finally {
      mine.waiting -= 1;
      if (mine.waiting === 0) {
        run = null;
        mine.scope.abort();
      }
    }
  };
}

/** The promise's outcome, or a rejection with the signal's reason as soon as it aborts. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}
