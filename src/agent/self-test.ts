import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { atMost, type Clock } from "../base/clock.ts";
import { diskPatienceMs } from "../base/disk-fault.ts";
import { toFault } from "../base/fault.ts";
import { clockToleranceMs } from "../fleet/condition.ts";
import type { HostReading } from "../host/watch.ts";
import type { RecognitionPhase } from "../recognition/report.ts";

/** What a self-test looks at. */
export interface SelfTestSubject {
  readonly disk: () => Promise<Check>;
  /** Somebody wants that nothing is captured. */
  readonly silenced: boolean;
  /** How long ago sound last arrived, ms; ∞: never. */
  readonly silentForMs: number;
  readonly recognition: RecognitionPhase | null;
  /** How far the clock is ahead of the service's, ms; null: unknown. */
  readonly clockAheadMs: number | null;
  readonly host: HostReading | null;
  readonly alarms: readonly string[];
}

interface Check {
  readonly ok: boolean;
  readonly detail: string;
}

const soundWithinMs = 3_000;

/** Looks at everything once, in the words of a person. */
export async function selfTest(subject: SelfTestSubject): Promise<{
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, Check>>;
}> {
  const { silenced, silentForMs, recognition, clockAheadMs, host, alarms } = subject;
  const checks: Readonly<Record<string, Check>> = {
    sound: soundCheck(silenced, silentForMs),
    recognition: {
      ok: recognition === "streaming" || recognition === "listening",
      detail: recognition ?? "has not begun",
    },
    clock: {
      ok: clockAheadMs === null || Math.abs(clockAheadMs) <= clockToleranceMs,
      detail:
        clockAheadMs === null
          ? "the service has not told the time"
          : `${Math.round(clockAheadMs / 1000)} s ahead of the service's`,
    },
    disk: await subject.disk(),
    board: {
      ok: host?.hot !== true && host?.underVoltage !== true,
      detail: [
        host?.temperatureC === null || host === null ? "temperature unknown" : `${Math.round(host.temperatureC)} °C`,
        host?.underVoltage === true ? "the supply voltage is too low" : "no low voltage seen",
      ].join(", "),
    },
    alarms: { ok: alarms.length === 0, detail: alarms.length === 0 ? "none is active" : alarms.join(", ") },
  };
  return { ok: Object.values(checks).every(({ ok }) => ok), checks };
}

function soundCheck(silenced: boolean, silentForMs: number): Check {
  if (silenced) return { ok: true, detail: "none is wanted: muted, or stopped by the fleet" };
  return {
    ok: silentForMs < soundWithinMs,
    detail:
      silentForMs === Number.POSITIVE_INFINITY
        ? "none has arrived"
        : `the last arrived ${Math.round(silentForMs)} ms ago`,
  };
}

/**
 * Tries whether a file can be written in the folder, and removes it.
 * @returns tries it. Resolves within 2 s: on a disk that hangs, a trial takes a thread of the program with it until the
 *   disk answers, so that there is one at most, and who asks meanwhile shares its answer. Never rejects.
 */
export function diskTrial(folder: string, clock: Clock): () => Promise<Check> {
  let underWay: Promise<Check> | null = null;
  return async () => {
    underWay ??= writeIn(folder).finally(() => {
      underWay = null;
    });
    return (await atMost(clock, diskPatienceMs, underWay)) ?? { ok: false, detail: doesNotAnswer };
  };
}

const doesNotAnswer =
  `it does not answer: nothing could be written for ${diskPatienceMs / 1000} s. Check or replace the disk or card; ` +
  "the kernel's log (dmesg) tells more";

async function writeIn(folder: string): Promise<Check> {
  const file = join(folder, ".self-test");
  try {
    await writeFile(file, "self-test", { mode: 0o600, flush: true });
    await rm(file);
    return { ok: true, detail: "can be written" };
  } catch (error) {
    return { ok: false, detail: toFault(error).message };
  }
}
