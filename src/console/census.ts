import { alarmTypes, devicePhases } from "../fleet/schema.ts";
import { activeAlarms, type Device, severityRank } from "./device.ts";

/** How many devices of each kind, kept up to date device by device. */
export interface Census {
  readonly devices: number;
  /** By phase; `unknown`: no state was heard. */
  readonly phases: Readonly<Record<string, number>>;
  /** Active alarms by type. */
  readonly alarms: Readonly<Record<string, number>>;
  /** Devices by the severity of their worst alarm: none, warning, minor, major, critical. */
  readonly worst: readonly number[];
}

/** Types that this console does not know are a device's own words: more of them, the rarest, are counted together. */
const mostUnknownTypes = 20;
const knownTypes: ReadonlySet<string> = new Set(alarmTypes);

/** Counts devices. */
export class Counter {
  #devices = 0;
  readonly #phases = new Map<string, number>([...devicePhases, "unknown"].map((phase) => [phase, 0]));
  readonly #alarms = new Map<string, number>();
  readonly #worst = [0, 0, 0, 0, 0];

  /** A device has become another; null: it came, or went. */
  replace(before: Device | null, after: Device | null): void {
    if (before !== null) this.#count(before, -1);
    if (after !== null) this.#count(after, 1);
  }

  result(): Census {
    return {
      devices: this.#devices,
      phases: Object.fromEntries(this.#phases),
      alarms: Object.fromEntries(this.#alarmsTold()),
      worst: [...this.#worst],
    };
  }

  #count(device: Device, by: 1 | -1): void {
    this.#devices += by;
    add(this.#phases, device.state?.phase ?? "unknown", by);
    const rank = severityRank(device);
    this.#worst[rank] = (this.#worst[rank] ?? 0) + by;
    for (const { type } of activeAlarms(device)) {
      add(this.#alarms, type, by);
      if (this.#alarms.get(type) === 0) this.#alarms.delete(type);
    }
  }

  #alarmsTold(): ReadonlyMap<string, number> {
    const unknown = [...this.#alarms].filter(([type]) => !knownTypes.has(type)).toSorted(([, a], [, b]) => b - a);
    const told = new Map(this.#alarms);
    for (const [type, count] of unknown.slice(mostUnknownTypes)) {
      told.delete(type);
      add(told, "other", count);
    }
    return told;
  }
}

function add(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
