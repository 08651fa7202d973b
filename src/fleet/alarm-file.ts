import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";
import { printable, toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { AlarmRecord } from "./alarms.ts";
import { origins } from "./diagnosis.ts";
import { alarmTypes, severities } from "./schema.ts";

// An active alarm stays with the broker, retained, when the agent ends. The next start must know of it, or it would
// never be cleared. So the alarms that the fleet believes in are kept in a small file, written at raise and clear.

const longestText = 1_000;
const text = z.string().max(longestText);

const keptAlarm = z.object({
  type: z.enum(alarmTypes),
  id: z.string().min(1).max(128),
  status: z.literal("active"),
  severity: z.enum(severities),
  symptom: z.object({
    alarm: z.enum(alarmTypes),
    origin: z.enum(origins),
    class: text,
    code: text,
    message: text,
    traceId: text.nullable(),
    hint: text,
    debounceMs: z.number(),
    lasting: z.boolean(),
  }),
  firstMs: z.number(),
  lastMs: z.number(),
  count: z.int().min(1),
  flapping: z.boolean(),
});

const fileContent = z.object({ v: z.literal(1), alarms: z.array(z.unknown()).max(alarmTypes.length) });

export interface AlarmFile {
  /** Replaces what is kept. Returns at once; a failure is logged, the first time in a row. */
  save(alarms: readonly AlarmRecord[]): void;
  /** Resolves when everything saved so far is written. */
  flushed(): Promise<void>;
}

/** The alarms in the file; none where there is no such file. What cannot be used is left out, and logged. */
export function loadAlarms(path: string, logger: Logger): readonly AlarmRecord[] {
  const unusable = (error: unknown) => {
    const said = error instanceof z.ZodError ? z.prettifyError(error) : toFault(error).message;
    logger.warn("alarms from before the restart cannot be read", { path, error: printable(said) });
    return [];
  };
  try {
    return fileContent.parse(JSON.parse(readFileSync(path, "utf8"))).alarms.flatMap((entry) => {
      const { data, error } = keptAlarm.safeParse(entry);
      return data === undefined ? unusable(error) : [data];
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    return unusable(error);
  }
}

/** Long text would make the file unreadable for `loadAlarms`. */
function shortened(alarm: AlarmRecord): AlarmRecord {
  const cut = (long: string) => long.slice(0, longestText);
  const { symptom } = alarm;
  return {
    ...alarm,
    symptom: {
      ...symptom,
      class: cut(symptom.class),
      code: cut(symptom.code),
      message: cut(symptom.message),
      traceId: symptom.traceId === null ? null : cut(symptom.traceId),
      hint: cut(symptom.hint),
    },
  };
}

export function openAlarmFile(path: string, logger: Logger): AlarmFile {
  let latest: string | null = null;
  let writing: Promise<void> = Promise.resolve();
  let failing = false;

  async function write(): Promise<void> {
    const content = latest;
    if (content === null) return;
    latest = null;
    try {
      // One level only: the folder above is the system's, and a recursive mkdir below /proc never settles in Node 24.
      await mkdir(dirname(path)).catch(() => {});
      // Another name first: a power cut leaves the old file or the new one, never half of one.
      await writeFile(`${path}.new`, content, { mode: 0o600, flush: true });
      await rename(`${path}.new`, path);
      failing = false;
    } catch (error) {
      if (!failing) logger.warn("alarms cannot be kept across restarts", { path, error: toFault(error).message });
      failing = true;
    }
  }

  return {
    save(alarms) {
      latest = JSON.stringify({ v: 1, alarms: alarms.map(shortened) });
      writing = writing.then(write);
    },
    flushed: () => writing,
  };
}
