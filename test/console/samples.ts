import { FleetModel } from "../../src/console/model.ts";
import { alarmOf, stateOf } from "../system/lab/voices.ts";

export { alarmOf, infoOf, metricsOf, spokenOf, stateOf } from "../system/lab/voices.ts";

export const startMs = Date.now();

export const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

/** A moment: the clocks go alike, unless the wall clock was set by so much. */
export const at = (wallMs: number, setByMs = 0) => ({ monotonicMs: wallMs - startMs - setByMs, wallMs });

/** A model that is told what devices of the fleet `lab` say. */
export function newModel(mostDevices = 1_000) {
  const model = new FleetModel({ mostDevices });
  const say = (device: string, topic: string, payload: unknown, atMs = startMs) =>
    model.receive(`sis/v1/lab/${device}/up/${topic}`, bytes(payload), at(atMs));
  return { model, say };
}

/** So many devices that raise one code at once. */
export function storm(say: ReturnType<typeof newModel>["say"], devices: number, atMs = startMs): void {
  const first = new Date(atMs).toISOString();
  for (let index = 0; index < devices; index += 1) {
    say(`d${index}`, "state", stateOf("backing-off"), atMs);
    say(`d${index}`, "alarm/service", alarmOf({ first }), atMs);
  }
}
