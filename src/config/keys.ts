import type * as z from "zod";
import { settingsJsonSchema } from "./schema.ts";

/** One setting, as the environment, messages and the documentation need to know it. */
export interface Key {
  /** `sis.chunk_ms` */
  readonly path: string;
  /** `sis`; empty for a setting that stands in no table. */
  readonly table: string;
  /** `chunk_ms` */
  readonly name: string;
  /** `SIS_AGENT_SIS__CHUNK_MS` */
  readonly variable: string;
  readonly type: "text" | "number" | "switch";
  /** What is allowed, in words: `a whole number 50..1000 (ms)`. */
  readonly allowed: string;
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly default: string | number | boolean | null;
  readonly description: string;
  readonly example: string | number | boolean | null;
  readonly isPath: boolean;
  /** The systemd credential that takes its place; null: none does. */
  readonly credential: string | null;
  readonly sensitive: boolean;
  /** The fleet may set it. */
  readonly remote: boolean;
}

export interface Table {
  readonly path: string;
  readonly description: string;
  /** Left out, it means "not at all", in place of all its defaults. */
  readonly optional: boolean;
}

const prefix = "SIS_AGENT_";

type Schema = z.core.JSONSchema.JSONSchema;

const allKeys: Key[] = [];
const allTables: Table[] = [];
collect(settingsJsonSchema(), "");

/** Every setting, in the order of the schema: those of a table before the tables in it. */
export const keys: readonly Key[] = allKeys;
export const tables: readonly Table[] = allTables;

const keysByPath = new Map(keys.map((key) => [key.path, key]));
const keysByVariable = new Map(keys.map((key) => [key.variable, key]));
const tablePaths = new Set(tables.map((table) => table.path));

export function keyAt(path: string): Key | undefined {
  return keysByPath.get(path);
}

export function keyOfVariable(variable: string): Key | undefined {
  return keysByVariable.get(variable);
}

export function isTable(path: string): boolean {
  return tablePaths.has(path);
}

/** The environment variable that overrides a setting or a table of settings. */
export function variableOf(path: string): string {
  return prefix + path.toUpperCase().replaceAll(".", "__");
}

/**
 * The setting that names the file of a secret, where `path` is what a person calls the secret itself
 * (`sis.auth.secret_key` → `sis.auth.secret_key_file`).
 */
export function fileKeyOf(path: string): Key | undefined {
  const key = keyAt(`${path}_file`);
  return typeof key?.credential === "string" ? key : undefined;
}

function collect(schema: Schema, table: string): void {
  const inner: [string, Schema, boolean][] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (typeof property === "boolean") continue;
    const path = table === "" ? name : `${table}.${name}`;
    const required = schema.required?.includes(name) === true;
    if (property.type === "object") inner.push([path, property, required]);
    else allKeys.push(keyOf(path, table, name, property, required));
  }
  for (const [path, property, required] of inner) {
    const optional = property.default === undefined && !required;
    allTables.push({ path, description: property.description ?? "", optional });
    collect(property, path);
  }
}

function keyOf(path: string, table: string, name: string, schema: Schema, required: boolean): Key {
  const choices = (schema.enum ?? []).map(String);
  return {
    path,
    table,
    name,
    variable: variableOf(path),
    type: typeOf(schema),
    allowed: annotation(schema, "x-allowed") ?? allowedBy(schema, choices),
    choices,
    required,
    default: scalar(schema.default),
    description: schema.description ?? "",
    example: scalar(schema.examples?.[0]),
    isPath: schema["x-path"] === true,
    credential: annotation(schema, "x-credential"),
    sensitive: schema["x-sensitive"] === true,
    remote: schema["x-remote"] === true,
  };
}

function typeOf(schema: Schema): Key["type"] {
  if (schema.anyOf !== undefined) return "switch";
  return schema.type === "integer" || schema.type === "number" ? "number" : "text";
}

function allowedBy(schema: Schema, choices: readonly string[]): string {
  if (choices.length > 0) return choices.join(", ");
  const unit = annotation(schema, "x-unit");
  const number = schema.type === "integer" ? "a whole number" : "a number";
  return `${number} ${schema.minimum}..${schema.maximum}${unit === null ? "" : ` (${unit})`}`;
}

function annotation(schema: Schema, name: string): string | null {
  const value = schema[name];
  return typeof value === "string" ? value : null;
}

function scalar(value: unknown): Key["default"] {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
