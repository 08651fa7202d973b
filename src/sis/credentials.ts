import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

/** Proves to the service who we are. */
export interface Credentials {
  /**
   * Headers for the upgrade request to `url`. They are what must be sent, no more and no less.
   * @throws Fault token-refused, token-unreachable, config-invalid, config-unreadable; the signal's reason when it aborts
   */
  authorize(url: URL, signal: AbortSignal): Promise<Record<string, string>>;
  /** The service refused what `authorize` gave. `serverDateMs`: the refusing response's Date, where it had one. */
  refused(info: { readonly serverDateMs: number | null }): void;
  /** When what `authorize` last gave runs out, wall clock ms; null: it does not, or nobody knows. */
  expiresAtMs(): number | null;
}

export declare function akskCredentials(options: {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly clock: Clock;
}): Credentials;

/** Scope of a token: the project of the region by name, or by id. */
export type ProjectScope = { readonly name: string } | { readonly id: string };

export declare function passwordCredentials(options: {
  readonly iamEndpoint: string;
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly project: ProjectScope;
  readonly clock: Clock;
  readonly random: Random;
}): Credentials;

export declare function tokenCredentials(readToken: () => Promise<string>): Credentials;
