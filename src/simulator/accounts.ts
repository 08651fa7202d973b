import { randomBytes } from "node:crypto";
import * as z from "zod";
import { Fault } from "../base/fault.ts";

/** Whom the simulated service knows. None of these are secrets: they open nothing but the simulator. */
export interface Accounts {
  /** Secret key by access key. */
  readonly accessKeys: Readonly<Record<string, string>>;
  readonly users: readonly { readonly name: string; readonly password: string; readonly domain: string }[];
  /** The only project there is; null: any name and any id will do. */
  readonly project: { readonly id: string; readonly name: string } | null;
  /** Tokens that are good from the start, without an end. */
  readonly tokens: readonly string[];
}

/** The accounts used where none are given. */
export const testAccounts: Accounts = {
  accessKeys: { SIMULATORACCESSKEY01: "simulator-secret-key-of-no-value-0000001" },
  users: [{ name: "device", password: "device-password", domain: "simulator" }],
  project: null,
  tokens: ["simulator-token"],
};

const word = z.string().min(1).max(8192);
const accountsSchema = z.strictObject({
  access_keys: z.record(word, word).default({}),
  users: z.array(z.strictObject({ name: word, password: word, domain: word })).default([]),
  project: z.strictObject({ id: word, name: word }).nullable().default(null),
  tokens: z.array(word).default([]),
});

/**
 * Accounts from a JSON file's content: `access_keys` (an object: access key → secret key), `users` (name, password,
 * domain), `project` (id, name), `tokens`. What is absent is empty.
 *
 * @throws {Fault} config-invalid, naming the place
 */
export function parseAccounts(value: unknown): Accounts {
  const parsed = accountsSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    // The path may hold an access key, but never a secret.
    throw new Fault(
      "config-invalid",
      `accounts${issue?.path.map((key) => `.${String(key)}`).join("") ?? ""}: ${issue?.message ?? "invalid"}`,
    );
  }
  const { access_keys: accessKeys, ...others } = parsed.data;
  return { accessKeys, ...others };
}

/** Tokens issued and still remembered; more than this and the oldest is forgotten. */
const memory = 1000;

/** The tokens of the simulated IAM. Wall-clock times are ms since the epoch, and given. */
export class Tokens {
  /** When each runs out. */
  readonly #ends: Map<string, number>;
  #issued = 0;

  constructor(fixed: readonly string[]) {
    this.#ends = new Map(fixed.map((token) => [token, Number.POSITIVE_INFINITY]));
  }

  /** How many have been issued, and how many are good. */
  counts(nowMs: number): { readonly issued: number; readonly valid: number } {
    return { issued: this.#issued, valid: [...this.#ends.values()].filter((end) => nowMs < end).length };
  }

  /** A new token, about as long as real ones. */
  issue(endsAtMs: number): string {
    const token = `MIIS${randomBytes(1500).toString("base64url")}`;
    this.#issued++;
    this.#ends.set(token, endsAtMs);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= memory) break;
      this.#ends.delete(oldest);
    }
    return token;
  }

  /** When it runs (or ran) out; null: not one of ours. */
  endOf(token: string): number | null {
    return this.#ends.get(token) ?? null;
  }

  /** No token is good any more. */
  expireAll(nowMs: number): void {
    for (const [token, end] of this.#ends) this.#ends.set(token, Math.min(end, nowMs));
  }
}
