import type { DiskListener } from "../base/background-writer.ts";
import { atMost, type Clock, instantOf } from "../base/clock.ts";
import { diskPatienceMs } from "../base/disk-fault.ts";
import type { Logger } from "../base/logger.ts";
import { loadAlarms, saveAlarms } from "./alarm-file.ts";
import {
  type AlarmChange,
  type AlarmEvent,
  type AlarmRecord,
  activeAlarms,
  quietAlarms,
  resumeAlarm,
  stepAlarms,
} from "./alarms.ts";
import { keptFile } from "./kept-file.ts";
import type { AlarmType } from "./schema.ts";

export interface AlarmDeskOptions {
  readonly boot: string;
  /** Where active alarms survive a restart; null: nowhere. */
  readonly file: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of every alarm that is raised, updated or cleared; of a raised one as soon as it is on disk. */
  readonly publish: (change: AlarmChange) => void;
  readonly onDisk: DiskListener;
}

/** The alarm machine in the world: with a clock, a timer, the log and the file. */
export interface AlarmDesk {
  handle(event: AlarmEvent): void;
  active(): readonly AlarmRecord[];
  /** The active ones, and the cleared ones of which the fleet has not heard: what a new connection begins with. */
  unsettled(): readonly AlarmRecord[];
  /** The fleet has heard that the alarm with this id is cleared. */
  forget(id: string): void;
  /** Lets go of the timer; resolves when the file is written. */
  close(): Promise<void>;
}

export function openAlarmDesk(options: AlarmDeskOptions): AlarmDesk {
  const { boot, clock, logger, publish } = options;
  const file = options.file === null ? null : keptFile(options.file, clock, options.onDisk);
  const loaded = options.file === null ? [] : loadAlarms(options.file, logger);
  /** What the fleet believes to be active, until it has acknowledged the clearing. */
  const believed = new Map(loaded.map((alarm) => [alarm.type, alarm]));
  /** Cleared, which the fleet has not acknowledged. */
  const cleared = new Map<AlarmType, AlarmRecord>();
  /** Raised, and not told yet, with what has become of them. */
  const untold = new Map<AlarmType, AlarmChange>();
  let alarms = loaded.reduce((all, alarm) => resumeAlarm(all, alarm, instantOf(clock)), quietAlarms(boot));
  let timer: Disposable | null = null;
  let closed = false;

  function active(): readonly AlarmRecord[] {
    return activeAlarms(alarms, instantOf(clock));
  }

  function keep(): void {
    if (file !== null) saveAlarms(file, [...believed.values()]);
  }

  function handle(event: AlarmEvent): void {
    if (closed) return;
    const { next, changes, deadlineMs } = stepAlarms(alarms, event, instantOf(clock));
    if (next === alarms && event.type !== "tick") return;
    alarms = next;
    timer?.[Symbol.dispose]();
    timer = null;
    if (deadlineMs !== null) {
      timer = clock.after(deadlineMs - clock.monotonicMs(), () => handle({ type: "tick" }));
    }
    for (const change of changes) told(change);
  }

  /** Of what was told and is not on disk, nobody would know after a power cut, and it would stay with the broker for good. */
  async function tellWritten(type: AlarmType, written: Promise<void>): Promise<void> {
    await atMost(clock, diskPatienceMs, written);
    const latest = untold.get(type);
    untold.delete(type);
    if (latest !== undefined) publish(latest);
  }

  function told(latest: AlarmChange): void {
    const { change, alarm } = latest;
    const { type, symptom, severity, count } = alarm;
    if (change === "raised") {
      believed.set(type, alarm);
      cleared.delete(type);
      keep();
    }
    if (change === "cleared") cleared.set(type, alarm);
    const fields = { type, id: alarm.id, severity, class: symptom.class, code: symptom.code, count };
    if (change === "cleared") logger.info("alarm cleared", fields);
    else logger.warn(`alarm ${change}`, { ...fields, error: symptom.message, hint: symptom.hint });
    if (file === null || (change !== "raised" && !untold.has(type))) return publish(latest);
    untold.set(type, latest);
    if (change === "raised") void tellWritten(type, file.flush());
  }

  // Whether the disk can be written is to be known, above all if one of them is about that.
  if (loaded.length > 0) keep();
  // Alarms from before the restart may be due to clear without another event.
  handle({ type: "tick" });
  return {
    handle,
    active,
    unsettled: () => [...active(), ...cleared.values()].filter(({ type }) => !untold.has(type)),
    forget(id) {
      const alarm = [...believed.values()].find((candidate) => candidate.id === id);
      if (alarm === undefined) return;
      believed.delete(alarm.type);
      cleared.delete(alarm.type);
      keep();
    },
    async close() {
      closed = true;
      timer?.[Symbol.dispose]();
      await file?.flush();
      file?.close();
    },
  };
}
