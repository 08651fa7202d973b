import type { Link } from "./link.ts";

/** What goes wrong with a client's link, to all clients alike. */
export interface Fault {
  /** What it is, for people. */
  readonly means: string;
  /** From its beginning to its end, ms. */
  readonly lastsMs: number;
  readonly begin: (link: Link) => void | Promise<void>;
  /** Afterwards it is spoken on until the clients are live again, but not for longer than this, ms. */
  readonly patienceMs: number;
}

function outage(seconds: number, patienceMs: number): Fault {
  return {
    means: `the server is gone for ${seconds} s: connections are reset, new ones refused`,
    lastsMs: seconds * 1000,
    begin: (link) => link.refuse(),
    patienceMs,
  };
}

/** By name, in the order in which they are told. */
export const faults = {
  none: { means: "nothing goes wrong", lastsMs: 0, begin: () => {}, patienceMs: 0 },
  reset: {
    means: "TCP reset; the server is up",
    lastsMs: 0,
    begin: (link) => link.reset(),
    patienceMs: 45_000,
  },
  "3s": outage(3, 45_000),
  "5s": outage(5, 45_000),
  "60s": outage(60, 150_000),
  "half-open": {
    means: "for 30 s nothing passes, and nobody says so; then whoever has held on is reset",
    lastsMs: 30_000,
    begin: (link) => link.fallSilent(),
    patienceMs: 60_000,
  },
  "accept-close": {
    means: "reset, and for 6 s whoever connects is accepted and shown out at once",
    lastsMs: 6000,
    begin: (link) => link.showOut(),
    patienceMs: 45_000,
  },
  stalled: {
    means: "for 10 s the server does not read",
    lastsMs: 10_000,
    begin: (link) => link.stall(),
    patienceMs: 45_000,
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

export const faultNames: readonly FaultName[] = Object.keys(faults).filter(isFaultName);

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faults, name);
}
