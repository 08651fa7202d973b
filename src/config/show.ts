import { createHash } from "node:crypto";
import { stringify } from "smol-toml";
import { type Key, keys } from "./keys.ts";
import type { Configuration } from "./load.ts";
import type { Settings } from "./schema.ts";
import { setAt, type Tree, valueAt } from "./tree.ts";
import type { Origin } from "./view.ts";

/** The settings in effect as TOML, each with where it comes from. Secrets are masked. */
export function showToml({ settings, origins, secretFiles }: Configuration, file: string): string {
  const lines: string[] = [];
  let table = "";
  for (const key of keys) {
    const value = shown(key, settings);
    const credential = value === undefined ? secretFiles.get(key.path) : undefined;
    if (value === undefined && credential === undefined) continue;
    if (key.table !== table) {
      table = key.table;
      lines.push("", `[${table}]`);
    }
    if (credential !== undefined) lines.push(`# ${key.name}: systemd credential ${credential}`);
    else lines.push(`${stringify({ [key.name]: value }).trimEnd()}  # ${originText(origins.get(key.path), file)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The settings in effect, where each comes from, and the files of the secrets, as one object for programs. */
export function showJson({ settings, origins, secretFiles }: Configuration, file: string): object {
  const tree: Tree = {};
  for (const key of keys) {
    const value = shown(key, settings);
    if (value !== undefined) setAt(tree, key.path, value);
  }
  return { file, settings: tree, origins: Object.fromEntries(origins), secret_files: Object.fromEntries(secretFiles) };
}

/** Changes when a setting in effect does: 16 hex digits. Contents of secret files do not count. */
export function settingsHash(settings: Settings): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}

/** The settings whose values differ, by their paths. */
export function changedSettings(before: Settings, after: Settings): string[] {
  const text = (key: Key, settings: Settings) => JSON.stringify(valueAt({ ...settings }, key.path));
  return keys.filter((key) => text(key, before) !== text(key, after)).map((key) => key.path);
}

function shown(key: Key, settings: Settings): unknown {
  const value = valueAt({ ...settings }, key.path);
  return key.sensitive && typeof value === "string" ? masked(value) : value;
}

/** Enough to tell one key from another. */
function masked(value: string): string {
  return `${value.length >= 12 ? value.slice(0, 4) : ""}***`;
}

function originText(origin: Origin | undefined, file: string): string {
  switch (origin?.from) {
    case "file":
      return origin.line === null ? file : `${file}:${origin.line}`;
    case "environment":
      return origin.variable;
    case "machine-id":
      return "derived from /etc/machine-id";
    case "default":
    case undefined:
      return "default";
  }
}
