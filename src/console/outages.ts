// One trouble of many devices is told once. Pure: alarms in, outages out.

/** An alarm as far as it matters here. */
export interface Raised {
  /** Of the device. */
  readonly key: string;
  readonly type: string;
  readonly class: string;
  readonly code: string;
  /** When it was first seen, wall clock. */
  readonly atMs: number;
}

/** Many devices have raised the same code within a short time. */
export interface Outage {
  readonly code: string;
  /** "service region problem: 812 devices, SIS.0303" */
  readonly text: string;
  /** That have the alarm now. */
  readonly devices: number;
  readonly sinceMs: number;
}

export interface OutageChange {
  readonly change: "opened" | "closed";
  readonly outage: Outage;
}

/** Alarms that are raised within so long of each other can have one cause. */
export const windowMs = 120_000;

/** How many devices of so many make an outage. */
export function outageThreshold(devices: number): number {
  return Math.max(5, Math.min(50, Math.ceil(devices * 0.05)));
}

/** What a common trouble is called, by the alarm's class, or else its type. */
const names: ReadonlyMap<string, string> = new Map([
  ["network", "network problem"],
  ["service", "service region problem"],
  ["credentials", "common credentials problem"],
  ["account", "account problem"],
  ["throttled", "quota problem"],
  ["config", "configuration problem"],
  ["clock", "time service problem"],
]);

/** Codes are a device's own words: more of them than this are not watched. */
const mostCodes = 1_000;

interface Code {
  readonly raised: Map<string, Raised>;
  open: Outage | null;
}

/** Watches the alarms of a fleet for what many devices have in common. */
export class OutageWatch {
  readonly #codes = new Map<string, Code>();
  readonly #changed = new Set<string>();

  raise(raised: Raised): void {
    let code = this.#codes.get(raised.code);
    if (code === undefined) {
      if (this.#codes.size >= mostCodes) return;
      code = { raised: new Map(), open: null };
      this.#codes.set(raised.code, code);
    }
    code.raised.set(raised.key, raised);
    this.#changed.add(raised.code);
  }

  clear(key: string, code: string): void {
    if (this.#codes.get(code)?.raised.delete(key) === true) this.#changed.add(code);
  }

  /** Outages in being, the largest first. */
  open(): readonly Outage[] {
    return [...this.#codes.values()]
      .flatMap(({ open }) => (open === null ? [] : [open]))
      .toSorted((a, b) => b.devices - a.devices);
  }

  isOpen(code: string): boolean {
    return (this.#codes.get(code)?.open ?? null) !== null;
  }

  /** Looks at what has changed since the last time. @param devices in the fleet */
  evaluate(devices: number): readonly OutageChange[] {
    const threshold = outageThreshold(devices);
    const changes: OutageChange[] = [];
    for (const name of this.#changed) {
      const code = this.#codes.get(name);
      if (code === undefined) continue;
      const before = code.open;
      // It must halve before it counts as over: a number around the threshold is not told again and again.
      const stays = before !== null && code.raised.size * 2 > threshold;
      const sinceMs = before?.sinceMs ?? burstStart(code.raised, threshold);
      code.open = (stays || before === null) && sinceMs !== null ? outageOf(name, code.raised, sinceMs) : null;
      if (before === null && code.open !== null) changes.push({ change: "opened", outage: code.open });
      if (before !== null && code.open === null) changes.push({ change: "closed", outage: before });
      if (code.raised.size === 0) this.#codes.delete(name);
    }
    this.#changed.clear();
    return changes;
  }
}

/** When the first `least` alarms within a window began; null: there are not that many. */
function burstStart(raised: ReadonlyMap<string, Raised>, least: number): number | null {
  if (raised.size < least) return null;
  const times = [...raised.values()].map(({ atMs }) => atMs).toSorted((a, b) => a - b);
  for (let last = least - 1; last < times.length; last += 1) {
    const first = times[last - least + 1] ?? 0;
    if ((times[last] ?? 0) - first <= windowMs) return first;
  }
  return null;
}

function outageOf(code: string, raised: ReadonlyMap<string, Raised>, sinceMs: number): Outage {
  const [any] = raised.values();
  const name = names.get(any?.class ?? "") ?? names.get(any?.type ?? "") ?? `common ${any?.type ?? ""} problem`;
  return { code, devices: raised.size, sinceMs, text: `${name}: ${raised.size} devices, ${code}` };
}
