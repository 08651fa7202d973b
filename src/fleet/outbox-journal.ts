import { crc32 } from "node:zlib";
import type { Payload } from "./schema.ts";

// What waits for the broker, as lines of a file that only grows: "put" for a message that waits, "done" for one that
// does not any more. Each line carries its checksum, so that whatever a power cut or a worn card leaves of the file,
// what is whole is found, and what is not is noticed. Pure.

/** A message that waited when the file was written, not looked at yet. */
export interface Waiting {
  readonly topic: string;
  readonly payload: unknown;
}

export interface Journal {
  /** Oldest first. */
  readonly waiting: readonly Waiting[];
  /** Lines that cannot be read, the last one aside where it was cut off. */
  readonly damaged: number;
}

const newline = 0x0a;
const checksumLength = 8;

/** @param key names the message within the file */
export function putLine(key: number, topic: string, payload: Payload): string {
  return line({ put: key, topic, payload });
}

export function doneLine(key: number): string {
  return line({ done: key });
}

/** Reads a file, or what is left of one. Never throws. */
export function readJournal(bytes: Buffer): Journal {
  const waiting = new Map<number, Waiting>();
  let damaged = 0;
  for (let from = 0, to = bytes.indexOf(newline); to !== -1; from = to + 1, to = bytes.indexOf(newline, from)) {
    const record = parseLine(bytes.subarray(from, to));
    if (record === null) damaged += 1;
    else if ("done" in record) waiting.delete(record.done);
    else waiting.set(record.put, record);
  }
  return { waiting: [...waiting.values()].map(({ topic, payload }) => ({ topic, payload })), damaged };
}

function line(record: object): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(checksumLength, "0")} ${json}\n`;
}

type Record = { readonly done: number } | (Waiting & { readonly put: number });

function parseLine(bytes: Buffer): Record | null {
  const json = bytes.subarray(checksumLength + 1);
  const checksum = crc32(json).toString(16).padStart(checksumLength, "0");
  if (bytes.toString("latin1", 0, checksumLength + 1) !== `${checksum} `) return null;
  try {
    const record: unknown = JSON.parse(json.toString("utf8"));
    if (typeof record !== "object" || record === null) return null;
    if ("done" in record && typeof record.done === "number") return { done: record.done };
    if (!("put" in record) || typeof record.put !== "number") return null;
    if (!("topic" in record) || typeof record.topic !== "string" || !("payload" in record)) return null;
    return { put: record.put, topic: record.topic, payload: record.payload };
  } catch {
    return null;
  }
}
