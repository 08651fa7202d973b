import { type Random, seededRandom } from "../../src/base/random.ts";
import { between, type Deed, type KindName, kindOf, type Need, oneOf } from "./kinds.ts";

/** How an agent of the campaign is set up. */
export interface Profile {
  readonly mode: "continuous" | "sentence";
  readonly auth: "aksk" | "password";
  readonly format: "pcm16k16bit" | "alaw16k8bit" | "pcm8k16bit";
  readonly memorySeconds: number;
  readonly disk: "outage" | "always";
  readonly catchUpRate: number;
  /** From the beginning of a number that is said to that of the next, ms. */
  readonly everyMs: number;
  /** Of a number: there must be enough of them for all that is said. */
  readonly digits: number;
  /** Silence that ends a segment, ms. */
  readonly vadTailMs: number;
}

/** A fault that is to happen. */
export interface DrawnFault {
  readonly kind: KindName;
  readonly deed: Deed;
  /** From the beginning of the fault before it in the burst, or of the burst, ms. */
  readonly afterMs: number;
}

/** Faults of which each begins before the one before it is got over. */
export interface Burst {
  /** How long the agent is left alone before, once it is live, ms. */
  readonly calmMs: number;
  readonly faults: readonly DrawnFault[];
}

/** What settings give to kinds that need it. */
function given(profile: Profile): readonly Need[] {
  const needs: Need[] = [profile.auth === "aksk" ? "signature" : "password"];
  if (profile.disk === "always") needs.push("disk-always");
  if (profile.memorySeconds >= muchSeconds) needs.push("much-memory");
  return needs;
}

const muchSeconds = 120;

/** What can depend on settings. */
const settingNeeds: ReadonlySet<Need> = new Set(["password", "signature", "disk-always", "much-memory"]);

/** Numbers last 360 ms: more speech than silence, or less. */
const speech = [
  { everyMs: 1200, vadTailMs: 500 },
  { everyMs: 900, vadTailMs: 400 },
  { everyMs: 700, vadTailMs: 200 },
] as const;

/** Those of `names` that an agent of this profile can have on a machine that meets `machine`. */
export function suitable(names: readonly KindName[], profile: Profile, machine: readonly Need[]): KindName[] {
  const met = new Set<Need>([...given(profile), ...machine]);
  return names.filter((name) => kindOf(name).needs.every((need) => met.has(need)));
}

/** Those of `names` that some agent can have on a machine that meets `machine`. */
export function possible(names: readonly KindName[], machine: readonly Need[]): KindName[] {
  const met = new Set<Need>([...settingNeeds, ...machine]);
  return names.filter((name) => kindOf(name).needs.every((need) => met.has(need)));
}

/**
 * The set-up of an agent: drawn anew until at least one of `names` suits it.
 *
 * @throws {RangeError} where none ever does
 */
export function drawProfile(random: Random, names: readonly KindName[], machine: readonly Need[]): Profile {
  for (let tries = 0; tries < 1000; tries++) {
    const mode = oneOf<Profile["mode"]>(random, ["continuous", "continuous", "continuous", "sentence"]);
    const profile: Profile = {
      mode,
      auth: oneOf(random, ["aksk", "password"]),
      format: oneOf(random, ["pcm16k16bit", "pcm16k16bit", "alaw16k8bit", "pcm8k16bit"]),
      memorySeconds: oneOf(random, [5, 30, muchSeconds, muchSeconds]),
      disk: oneOf(random, ["outage", "always", "always"]),
      catchUpRate: oneOf(random, [3, 3, 5]),
      digits: 4,
      // Each sentence is a session: they take their time.
      ...(mode === "sentence" ? speech[0] : oneOf(random, speech)),
    };
    if (suitable(names, profile, machine).length > 0) return profile;
  }
  throw new RangeError(`none of ${names.join(", ")} is possible here`);
}

/** Streaming for ten seconds makes the agent forget its failures: what waits long may then come as a first one again. */
const forgivenMs = 10_500;
const mostAtOnce = 3;

/**
 * The next burst: one to three faults, of different kinds, at most one of which the agent answers with a long wait.
 *
 * @param before the burst before it; absent for the first
 * @param most no more faults than this
 */
export function drawBurst(random: Random, names: readonly KindName[], before: Burst | null, most: number): Burst {
  const slow = before?.faults.some(({ kind }) => kindOf(kind).waits !== "short") ?? false;
  const calmMs = slow || random() < 0.6 ? between(random, forgivenMs, forgivenMs + 3000) : between(random, 500, 4000);
  const count = Math.min(most, oneOf(random, [1, 1, 2, 2, mostAtOnce]));
  const faults: DrawnFault[] = [];
  while (faults.length < count) {
    const left = names.filter((name) => faults.every(({ kind }) => goTogether(kind, name)));
    if (left.length === 0) break;
    const kind = oneOf(random, left.flatMap(rarer));
    const afterMs = faults.length === 0 ? 0 : between(random, 0, 1500);
    faults.push({ kind, deed: kindOf(kind).deed(random), afterMs });
  }
  return { calmMs, faults };
}

/** What only some agents can have comes more often to those. */
function rarer(name: KindName): KindName[] {
  return kindOf(name).needs.some((need) => settingNeeds.has(need)) ? [name, name] : [name];
}

function goTogether(one: KindName, other: KindName): boolean {
  if (one === other) return false;
  const [a, b] = [kindOf(one), kindOf(other)];
  return (a.about === "any" || a.about !== b.about) && (a.waits === "short" || b.waits === "short");
}

/** How long the agent needs to get over a fault, by how long it waits by its own rules, ms: about. */
const expectedMs = { short: 8000, renewal: 10_000, long: 60_000 } as const;

interface ExpectedLane {
  readonly random: Random;
  readonly own: readonly KindName[];
  before: Burst | null;
  share: number;
  untilMs: number;
}

/**
 * How many of `faults` each lane gets, so that all end at about the same time: each burst goes to the lane that is
 * expected to be free first.
 *
 * @param seeds of the lanes: what they draw decides
 */
export function shareOut(
  seeds: readonly string[],
  faults: number,
  names: readonly KindName[],
  machine: readonly Need[],
): number[] {
  const lanes = seeds.map((seed): ExpectedLane => {
    const random = seededRandom(seed);
    const own = suitable(names, drawProfile(random, names, machine), machine);
    return { random, own, before: null, share: 0, untilMs: 0 };
  });
  for (let left = faults; left > 0; ) {
    const lane = lanes.reduce((first, each) => (each.untilMs < first.untilMs ? each : first));
    const burst = drawBurst(lane.random, lane.own, lane.before, left);
    lane.before = burst;
    lane.share += burst.faults.length;
    lane.untilMs += burst.calmMs + Math.max(...burst.faults.map(({ kind }) => expectedMs[kindOf(kind).waits]));
    left -= burst.faults.length;
  }
  return lanes.map(({ share }) => share);
}
