import type { Random } from "../../src/base/random.ts";
import type { FaultEntry } from "../../src/simulator/faults.ts";

/** What the simulator is told to do wrong. */
export type ServiceFault = FaultEntry["fault"];

/** What is done to make a fault happen. Durations in ms. */
export type Deed =
  /** In this order; each strikes at its first opportunity. */
  | { readonly do: "service"; readonly faults: readonly ServiceFault[] }
  | { readonly do: "drop-packets"; readonly forMs: number }
  /** The service's name cannot be looked up; connections that are open are reset. */
  | { readonly do: "forget-name"; readonly forMs: number }
  | { readonly do: "kill-recorder" }
  | { readonly do: "stop-recorder"; readonly forMs: number }
  | { readonly do: "end-agent"; readonly signal: "SIGKILL" | "SIGTERM"; readonly awayMs: number }
  | { readonly do: "fill-disk"; readonly forMs: number }
  | { readonly do: "end-broker"; readonly forMs: number };

/** What a kind asks of the machine, or of the agent's settings. */
export type Need =
  | "name-service"
  | "packet-filter"
  | "small-disk"
  | "password"
  | "signature"
  | "disk-always"
  /** What cannot be written for a while must not fall out of memory. */
  | "much-memory";

/** A kind of fault. */
export interface Kind {
  readonly needs: readonly Need[];
  /**
   * How long the agent waits by its own rules (docs/decisions/0006): "short" up to seconds; "renewal" at once, but a
   * minute if it comes twice; "long" half a minute and more.
   */
  readonly waits: "short" | "renewal" | "long";
  /** Of two faults at once, only one may be about the same thing. "any": about nothing of its own. */
  readonly about: "any" | "recorder" | "agent";
  /** A session may end in the middle of a word; the part that was heard until then is told. */
  readonly cutsWords: boolean;
  readonly deed: (random: Random) => Deed;
}

/** A whole number from `least` to `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** One of a list that is not empty. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new RangeError("nothing to choose from");
  return chosen;
}

function kind(deed: (random: Random) => Deed, others: Partial<Omit<Kind, "deed">> = {}): Kind {
  return { needs: [], waits: "short", about: "any", cutsWords: false, ...others, deed };
}

/** The service does these wrong. */
function service(make: (random: Random) => readonly ServiceFault[], others: Partial<Omit<Kind, "deed">> = {}): Kind {
  return kind((random) => ({ do: "service", faults: make(random) }), others);
}

/** The next requests to connect go wrong; a reset makes the agent connect. */
function atTheDoor(make: (random: Random) => ServiceFault, others: Partial<Omit<Kind, "deed">> = {}): Kind {
  return service((random) => [make(random), "reset"], others);
}

const lasting = (random: Random) => between(random, 500, 4000);
const few = (random: Random) => between(random, 1, 3);
/** Of the classes for which the agent tries again soon. */
const passing = ["SIS.0033", "SIS.0302", "SIS.0305", "SIS.0306", "SIS.30006", "SIS.0701", "SIS.30008", "SIS.0002"];
const traceOf = (random: Random) => (random() < 0.3 ? { trace_id: null } : {});

function fatal(codes: readonly string[], others: Partial<Omit<Kind, "deed">> = {}): Kind {
  return service(
    (random) => [{ kind: "fatal", code: oneOf(random, codes), disconnect_after_ms: oneOf(random, [0, 0, 300, 2000]) }],
    others,
  );
}

const closing = (code: number) => service(() => [{ kind: "close", code }]);
const refusing = (status: number, others: Partial<Omit<Kind, "deed">> = {}) =>
  atTheDoor((random) => ({ kind: "refuse", status, times: others.waits === undefined ? few(random) : 1 }), others);

/** Every kind, by its name, in the order of the table that is printed. */
export const kinds = {
  error: service((random) => [{ kind: "error", code: oneOf(random, passing), ...traceOf(random) }]),
  "error-before-session": service((random) => [
    { kind: "error-on-start", code: oneOf(random, passing), times: few(random), ...traceOf(random) },
    oneOf<ServiceFault>(random, ["unasked-end", "reset"]),
  ]),
  "error-without-end": service((random) => [{ kind: "no-end-after-error", code: oneOf(random, passing) }]),
  "fatal-service": fatal(["SIS.0302", "SIS.0303", "SIS.0100", "SIS.0002"]),
  "fatal-silence": fatal(["SIS.0304"]),
  "fatal-audio": fatal(["SIS.30006", "SIS.0701"]),
  "fatal-sequence": fatal(["SIS.0418"]),
  "fatal-throttled": fatal(["SIS.0536"], { waits: "renewal" }),
  "fatal-credentials": fatal(["SIS.0101", "SIS.0102"], { waits: "renewal" }),
  "fatal-account": fatal(["SIS.0103", "SIS.0024"], { waits: "long" }),
  "fatal-config": fatal(["SIS.0031", "SIS.0201"], { waits: "long" }),
  "tcp-reset": service(() => ["reset"]),
  "half-open": kind((random) => ({ do: "drop-packets", forMs: between(random, 1000, 14_000) }), {
    needs: ["packet-filter"],
  }),
  "half-open-service": service((random) => [{ kind: "half-open", for_ms: between(random, 9000, 15_000) }]),
  "close-1000": closing(1000),
  "close-1001": closing(1001),
  "close-1006": closing(1006),
  "close-1011": closing(1011),
  "accept-then-close": atTheDoor((random) => ({
    kind: "accept-then-close",
    code: oneOf(random, [1000, 1006, 1011]),
    times: few(random),
  })),
  refused: service((random) => [{ kind: "refuse-connections", for_ms: lasting(random) }, "reset"]),
  "http-401": refusing(401, { waits: "renewal" }),
  "http-403": refusing(403, { waits: "long" }),
  "http-429": atTheDoor(
    (random) => ({ kind: "refuse", status: 429, retry_after: between(random, 1, 3), times: between(random, 1, 2) }),
    { waits: "renewal" },
  ),
  "http-500": refusing(500),
  "http-503": refusing(503),
  "dns-failure": kind((random) => ({ do: "forget-name", forMs: lasting(random) }), { needs: ["name-service"] }),
  "slow-reader": service((random) => [{ kind: "slow-reader", for_ms: between(random, 1000, 12_000) }]),
  garbage: service((random) => [
    { kind: "garbage", text: oneOf(random, ['{"resp_type":"RESULT","segm', "<html>502</html>", "[]", "\u0000"]) },
  ]),
  oversized: service((random) => [{ kind: "oversized", bytes: between(random, 1_100_000, 8_000_000) }]),
  binary: service((random) => [{ kind: "binary", bytes: between(random, 1, 100_000) }]),
  "start-twice": service((random) => ["start-twice", oneOf<ServiceFault>(random, ["unasked-end", "reset"])]),
  "unasked-end": service(
    (random) => [
      {
        kind: "unasked-end",
        reason: oneOf(random, ["NORMAL", "ERROR"]),
        results: oneOf(random, ["dropped", "before"]),
      },
    ],
    { cutsWords: true },
  ),
  "result-without-result": service(() => ["result-without-result"]),
  "late-result": service(() => [{ kind: "unasked-end", results: "after" }], { cutsWords: true }),
  "exceeded-audio": service(() => ["exceeded-audio"], { cutsWords: true }),
  "limits-reached": service(() => ["limits-reached"], { cutsWords: true }),
  "token-expired": service(() => ["expire-tokens", "reset"], { needs: ["password"], waits: "renewal" }),
  "clock-off": service(
    (random) => [
      { kind: "clock-off", offset_ms: oneOf(random, [-1, 1]) * between(random, 1_200_000, 1_500_000) },
      "reset",
    ],
    { needs: ["signature"], waits: "renewal" },
  ),
  "arecord-killed": kind(() => ({ do: "kill-recorder" }), { about: "recorder" }),
  "arecord-stalled": kind((random) => ({ do: "stop-recorder", forMs: between(random, 300, 5000) }), {
    about: "recorder",
  }),
  "agent-sigkill": kind((random) => ({ do: "end-agent", signal: "SIGKILL", awayMs: between(random, 0, 1500) }), {
    needs: ["disk-always"],
    about: "agent",
  }),
  // Where nobody pauses, the last session ends in a word, and the next run hears the rest of it.
  "agent-sigterm": kind((random) => ({ do: "end-agent", signal: "SIGTERM", awayMs: between(random, 0, 1500) }), {
    about: "agent",
    cutsWords: true,
  }),
  "disk-full": kind((random) => ({ do: "fill-disk", forMs: between(random, 1000, 6000) }), {
    needs: ["small-disk", "much-memory"],
    about: "agent",
  }),
  "broker-away": kind((random) => ({ do: "end-broker", forMs: lasting(random) })),
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

/** Every kind's name. */
export const kindNames: readonly KindName[] = Object.keys(kinds).filter(isKindName);

export function isKindName(name: string): name is KindName {
  return Object.hasOwn(kinds, name);
}

export function kindOf(name: KindName): Kind {
  return kinds[name];
}
