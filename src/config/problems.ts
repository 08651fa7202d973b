import { Fault, printable } from "../base/fault.ts";
import type { Key } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { isTree } from "./tree.ts";
import { withoutCredentials } from "./urls.ts";

/** Where a person wrote what is wrong. */
export type Place =
  | { readonly file: string; readonly line: number | null; readonly column?: number }
  | { readonly variable: string };

/** `disk-failed`: a file could not be read this time. The others stay until a person mends them. */
export type ProblemCode = "config-invalid" | "config-unreadable" | "disk-failed";

/** One thing that is wrong with the configuration. */
export interface Problem {
  readonly code: ProblemCode;
  /** `sis.chunk_ms`; null: not about one setting. */
  readonly key: string | null;
  readonly place: Place;
  /** What was found, what is allowed, what was probably meant. Never a secret. */
  readonly message: string;
}

/** More are not told: nobody reads them, and a file of garbage must not become a flood. */
const mostProblems = 50;

/** Everything that is wrong with the configuration, as one fault; its message has a line for each. */
export class ConfigFault extends Fault {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const told = problems.slice(0, mostProblems);
    const lines = told.map(problemLine);
    if (problems.length > told.length) lines.push(`… and ${problems.length - told.length} more`);
    super(commonCode(problems), lines.join("\n"));
    this.problems = told;
  }
}

/** Where a file could not be read this time, the rest may look otherwise the next time. */
function commonCode(problems: readonly Problem[]): ProblemCode {
  if (problems.some(({ code }) => code === "disk-failed")) return "disk-failed";
  return problems.every(({ code }) => code === "config-unreadable") ? "config-unreadable" : "config-invalid";
}

/** `agent.toml:7: sis.chunk_ms: found 20; allowed: a whole number 50..1000 (ms)` */
export function problemLine(problem: Problem): string {
  const { place, key, message } = problem;
  if ("variable" in place) return `${place.variable}${key === null ? "" : ` (${key})`}: ${message}`;
  const where = [place.file, place.line, place.column].filter((part) => part !== null && part !== undefined).join(":");
  return `${where}: ${key === null ? "" : `${key}: `}${message}`;
}

/** What to say of a setting whose value is not allowed. `why`: more exactly, where it is known. */
export function valueProblem(key: Key, value: unknown, why: string | null): string {
  if (value === undefined) return `is missing; allowed: ${key.allowed}`;
  // Where the path of a secret's file belongs, a person may have written the secret.
  const isSecret = (key.sensitive || key.credential !== null) && value !== "";
  const found = isSecret ? "a value that is not shown" : describe(value);
  return [`found ${found}${why === null ? "" : `, which ${why}`}`, `allowed: ${key.allowed}`, ...mend(key, value)].join(
    "; ",
  );
}

/** What was probably meant, if that can be told. */
function mend({ type, choices }: Key, value: unknown): readonly string[] {
  if (typeof value !== "string") {
    const isText = type === "text" && !isTree(value) && !Array.isArray(value);
    return isText && (choices.length === 0 || choices.includes(String(value))) ? ["write it in quotes"] : [];
  }
  if (bare[type].test(value)) return ["write it without quotes"];
  const meant = nearest(value, choices);
  return meant === null ? [] : [`did you mean ${describe(meant)}?`];
}

/**
 * What is of the type, once its quotes are gone. (A variable of the environment has none: what it holds of these was
 * taken for them.)
 */
const bare: Readonly<Record<Key["type"], RegExp>> = {
  text: /^(?!)/,
  number: /^[+-]?\d{1,15}(?:\.\d+)?$/,
  switch: /^(?:true|false)$/,
};

/** A value from outside in a few printable characters, without what an address may hold of passwords. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(printable(withoutCredentials(value), 80));
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return isTree(value) ? "a table" : "something else";
}

/** A key as TOML writes it: quoted where it is not a bare one, and cut where it is endless. */
export function keyName(name: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) ? name : JSON.stringify(printable(name, 64));
}
