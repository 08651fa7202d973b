import * as z from "zod";
import type { Logger } from "../base/logger.ts";
import type { AlarmRecord } from "./alarms.ts";
import type { KeptFile } from "./kept-file.ts";
import { loadKept, tellUnusable } from "./load-kept.ts";
import { alarmTypes, severities } from "./schema.ts";
import { origins } from "./symptom.ts";

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
    severity: z.enum(severities).exactOptional(),
    unless: z.enum(alarmTypes).exactOptional(),
  }),
  firstMs: z.number(),
  lastMs: z.number(),
  count: z.int().min(1),
  flapping: z.boolean(),
});

const fileContent = z.object({ v: z.literal(1), alarms: z.array(z.unknown()).max(alarmTypes.length) });

/** The alarms in the file; none where there is no such file. What cannot be used is left out, and logged. */
export function loadAlarms(path: string, logger: Logger): readonly AlarmRecord[] {
  const what = "alarms from before the restart";
  const entries = loadKept(path, fileContent, what, logger)?.alarms ?? [];
  return entries.flatMap((entry) => {
    const { data, error } = keptAlarm.safeParse(entry);
    if (data !== undefined) return [data];
    tellUnusable(path, error, what, logger);
    return [];
  });
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

/** Replaces what is kept. Returns at once. */
export function saveAlarms(file: KeptFile, alarms: readonly AlarmRecord[]): void {
  file.save(JSON.stringify({ v: 1, alarms: alarms.map(shortened) }));
}
