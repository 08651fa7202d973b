import { randomUUID } from "node:crypto";
import * as z from "zod";
import { isoTime } from "../base/iso-time.ts";
import type { Accounts, Tokens } from "./accounts.ts";

/** An HTTP answer of the simulated IAM. */
export interface IamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

const word = z.string().min(1).max(256);
const tokenRequest = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.string()).max(10),
      password: z.object({ user: z.object({ name: word, password: word, domain: z.object({ name: word }) }) }),
    }),
    scope: z.object({ project: z.union([z.object({ id: word }), z.object({ name: word })]).optional() }).optional(),
  }),
});

/**
 * Answers `POST /v3/auth/tokens`: a token for a user and a project. Source: IAM, "obtaining a user token through
 * password authentication".
 *
 * @param nowMs the service's wall clock, ms since the epoch
 */
export function issueToken(
  body: string,
  accounts: Accounts,
  tokens: Tokens,
  lifetimeMs: number,
  nowMs: number,
): IamAnswer {
  const parsed = tokenRequest.safeParse(jsonOf(body));
  if (!parsed.success) return iamError(400, "The request body is invalid.");
  const { identity, scope } = parsed.data.auth;
  const { user } = identity.password;
  const known = accounts.users.some(
    (account) =>
      account.name === user.name && account.password === user.password && account.domain === user.domain.name,
  );
  if (!identity.methods.includes("password") || !known) return iamError(401, "The username or password is wrong.");
  const wanted = scope?.project;
  const { project } = accounts;
  const right =
    project === null ||
    wanted === undefined ||
    ("id" in wanted ? wanted.id === project.id : wanted.name === project.name);
  if (!right) return iamError(401, "The project is not found or the user has no right to it.");
  const endsAtMs = nowMs + lifetimeMs;
  const token = tokens.issue(endsAtMs);
  const domain = { id: idOf(user.domain.name), name: user.domain.name };
  return {
    status: 201,
    headers: { "X-Subject-Token": token },
    body: {
      token: {
        expires_at: iamTime(endsAtMs),
        issued_at: iamTime(nowMs),
        methods: ["password"],
        catalog: [],
        roles: [],
        user: { id: idOf(user.name), name: user.name, domain, password_expires_at: "" },
        ...(wanted !== undefined && {
          project: { id: project?.id ?? randomUUID().replaceAll("-", ""), ...wanted, domain },
        }),
      },
    },
  };
}

/** An error as IAM words it. */
export function iamError(status: number, message: string): IamAnswer {
  const titles: Readonly<Record<number, string>> = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
  };
  return { status, headers: {}, body: { error: { code: status, message, title: titles[status] ?? "Error" } } };
}

/** `2026-01-31T12:00:00.000000Z`: with microseconds, as IAM does. */
function iamTime(ms: number): string {
  return isoTime(ms).replace("Z", "000Z");
}

function idOf(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(32, "0").slice(0, 32);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
