import { readFileSync, statSync } from "node:fs";
import { appendFile, truncate } from "node:fs/promises";
import { backgroundWriter, type DiskListener } from "../base/background-writer.ts";
import type { Clock } from "../base/clock.ts";
import { errorName } from "../base/disk-fault.ts";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { replaceFile } from "../base/replace-file.ts";
import type { Entry } from "./outbox.ts";
import { doneLine, putLine, readJournal, type Waiting } from "./outbox-journal.ts";

// What waits for the broker survives a restart. The file follows the outbox at a small distance: what is delivered
// within it never touches the disk, so that a device whose broker is there wears out no card.

const distanceMs = 250;
/** A file that has grown to this, with little in it that still waits, is written anew. */
const rewriteAtBytes = 4_000_000;
/** No file of ours is larger. */
const largestBytes = 64_000_000;

export interface OutboxFile {
  /** What waited when the agent ended, oldest first. */
  readonly restored: readonly Waiting[];
  /** What now waits; the file follows. Returns at once. */
  follow(waiting: readonly Entry[]): void;
  flush(): Promise<void>;
  close(): void;
}

/** What the file is known to hold. */
type Content =
  /** Whatever it holds, it is not what we wrote in full: it is replaced as a whole. */
  { readonly known: false } | { readonly known: true; readonly keys: ReadonlySet<number>; readonly bytes: number };

const nothing: Content = { known: true, keys: new Set(), bytes: 0 };

/** Reads what the file holds. What cannot be read is left out, and logged. */
export function openOutboxFile(path: string, clock: Clock, logger: Logger, onDisk: DiskListener): OutboxFile {
  const found = load(path, logger);
  let content: Content = found === null ? nothing : { known: false };
  let waiting: readonly Entry[] = [];
  const writer = backgroundWriter({ path, write, delayMs: distanceMs, clock, onDisk });

  async function write(): Promise<void> {
    const wanted = waiting;
    const held = content;
    // Until a write has succeeded, nobody knows how much of it is there.
    content = { known: false };
    content = await brought(path, held, wanted);
  }

  return {
    restored: found ?? [],
    follow(entries) {
      if (entries === waiting) return;
      waiting = entries;
      writer.request();
    },
    flush: () => writer.flush(),
    close: () => writer.close(),
  };
}

/** Brings the file to hold what is wanted, with as little writing as it takes. */
async function brought(path: string, held: Content, wanted: readonly Entry[]): Promise<Content> {
  const keys = new Set(wanted.map(({ id }) => id));
  if (held.known && keys.size === 0) {
    if (held.bytes > 0) await truncate(path, 0);
    return nothing;
  }
  if (!held.known || held.bytes === 0 || held.bytes > rewriteAtBytes) {
    const text = wanted.map(put).join("");
    await replaceFile(path, text);
    return { known: true, keys, bytes: Buffer.byteLength(text) };
  }
  const gone = [...held.keys].filter((key) => !keys.has(key)).map(doneLine);
  const text = [...gone, ...wanted.filter(({ id }) => !held.keys.has(id)).map(put)].join("");
  if (text !== "") await appendFile(path, text, { mode: 0o600, flush: true });
  return { known: true, keys, bytes: held.bytes + Buffer.byteLength(text) };
}

function put({ id, message }: Entry): string {
  return putLine(id, message.topic, message.payload);
}

/** null: there is no such file. */
function load(path: string, logger: Logger): readonly Waiting[] | null {
  try {
    if (statSync(path).size > largestBytes) throw new Error("it is far too large");
    const { waiting, damaged } = readJournal(readFileSync(path));
    if (damaged > 0) logger.warn("messages from before the restart cannot be read", { path, lines: damaged });
    return waiting;
  } catch (error) {
    if (errorName(error) === "ENOENT") return null;
    logger.warn("messages from before the restart cannot be read", { path, error: toFault(error).message });
    return [];
  }
}
