import { printable } from "../base/fault.ts";
import { isObject, type JsonObject } from "../base/json.ts";

/** The value as an object with fields, or null where it is none. */
export function objectOf(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

/** The text as a JSON object, or null where it is none. Never throws. */
export function parseObject(text: string): JsonObject | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A finite number, also where it is written as a string; null otherwise. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !/^\s{0,8}-?\d{1,15}(\.\d{1,15})?\s{0,8}$/.test(value)) return null;
  return Number(value);
}

/** Outside text (or a number in its place), bounded and printable; null where there is none. */
export function wordsOf(value: unknown, maxLength: number): string | null {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return null;
  const words = printable(value, maxLength).trim();
  return words === "" ? null : words;
}
