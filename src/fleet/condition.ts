import type { SoundHealth } from "../audio/level.ts";
import type { Fault } from "../base/fault.ts";
import type { FaultId } from "./known-faults.ts";
import { type Symptom, shortMs, symptomOfKnown } from "./symptom.ts";

/** How far this device's clock may be off. */
export const clockToleranceMs = 30_000;

type DiskCondition = "sound-disk" | "mute-disk" | "stop-disk";

/** What sensors and meters tell: each either well, or not. Types are the sides that trouble is seen from. */
export type Condition =
  | { readonly type: "sound"; readonly health: SoundHealth }
  /** What is wrong with the disk that sound is kept on, or that the device is muted, or stopped; null: nothing. */
  | { readonly type: DiskCondition; readonly fault: Fault | null }
  /** How far this device's clock is ahead of the service's, ms; negative: behind. */
  | { readonly type: "clock"; readonly aheadMs: number }
  | { readonly type: "temperature"; readonly hot: boolean; readonly celsius: number | null }
  | { readonly type: "power"; readonly tooLow: boolean }
  /** Why the front panel cannot be used; null: it can. */
  | { readonly type: "panel"; readonly fault: Fault | null };

/** The alarm that a condition leads to; null: it is well. */
export function symptomOfCondition(condition: Condition): Symptom | null {
  const known = (id: FaultId, message: string, debounceMs = 0) =>
    symptomOfKnown(id, condition.type, message, { debounceMs, lasting: true });
  switch (condition.type) {
    case "sound": {
      const { health } = condition;
      if (health === "good") return null;
      const clipping = health === "clipping";
      const message = clipping
        ? "the microphone's sound is cut off at full scale"
        : "the microphone delivers the same value all the time: no sound";
      return known(clipping ? "microphone-clipping" : "microphone-muted", message);
    }
    case "sound-disk":
    case "mute-disk":
    case "stop-disk":
      return condition.fault === null ? null : symptomOfDisk(condition.type, condition.fault);
    case "clock": {
      const seconds = Math.round(Math.abs(condition.aheadMs) / 1000);
      if (seconds * 1000 <= clockToleranceMs) return null;
      const message = `this device's clock is ${seconds} s ${condition.aheadMs > 0 ? "ahead of" : "behind"} the service's`;
      return known("clock-off", message, shortMs);
    }
    case "temperature": {
      const degrees = condition.celsius === null ? "" : ` (${Math.round(condition.celsius)} °C)`;
      return condition.hot ? known("hot", `the board is too hot${degrees}`) : null;
    }
    case "power":
      return condition.tooLow ? known("under-voltage", "the supply voltage is too low") : null;
    case "panel": {
      if (condition.fault === null) return null;
      const { message, hint } = condition.fault;
      const symptom = known("panel-gone", message, shortMs);
      return hint === "" ? symptom : { ...symptom, hint };
    }
  }
}

/** The alarm that a disk leads to which cannot be written. */
export function symptomOfDisk(origin: "state-disk" | DiskCondition, { code, message, hint }: Fault): Symptom {
  const row = { alarm: "disk", class: "disk", traceId: null, debounceMs: shortMs, lasting: true } as const;
  return { ...row, origin, code, message, hint };
}
