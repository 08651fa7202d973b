import type { LaneResult } from "../../campaigning/lane.ts";
import { type Summary, summarise } from "../../campaigning/summary.ts";
import type { Sample } from "./samples.ts";
import { blockMeans, hasGrown, isFlat, lineThrough, mean, meanSlope, type Slope } from "./slope.ts";

/** What of a process is looked at for growth. */
const measures = {
  "resident memory, MB": ({ rss }: Sample) => rss / 1e6,
  "of it, not a part of a file, MB": ({ own }: Sample) => own / 1e6,
  "V8 heap, MB": ({ heapHeld }: Sample) => heapHeld / 1e6,
  "V8 heap in use, MB": ({ heapUsed }: Sample) => heapUsed / 1e6,
  "memory of objects outside it, MB": ({ external }: Sample) => external / 1e6,
  "handles of Node": ({ handles }: Sample) => handles,
  "file descriptors": ({ descriptors }: Sample) => descriptors,
  "state folder, kB": ({ stateBytes }: Sample) => stateBytes / 1e3,
} as const satisfies Readonly<Record<string, (sample: Sample) => number>>;

export type Measure = keyof typeof measures;
const measureNames = Object.keys(measures).filter((name): name is Measure => Object.hasOwn(measures, name));

/** How one measure went, over all agents. */
export interface Trend {
  readonly measure: Measure;
  /** Means of the first and of the last block. */
  readonly first: number;
  readonly last: number;
  readonly slope: Slope;
  /** Agents that have grown by themselves: what one kind of agent leaks is lost in the mean over all. */
  readonly grown: readonly number[];
  readonly flat: boolean;
}

export interface Outcome {
  readonly summary: Summary;
  readonly agents: number;
  readonly sessions: number;
  /** That the trends are of, hours: what came before is warm-up. */
  readonly warmUpHours: number;
  readonly hours: number;
  readonly trends: readonly Trend[];
  /** The slope of resident memory, agent by agent. */
  readonly rssSlopes: readonly Slope[];
  readonly logBytesPerHour: number;
  /** By second of sound, of the agent without faults. */
  readonly perSecond: {
    readonly events: number;
    readonly loops: number;
    readonly allocatedBytes: number;
    readonly collections: number;
    readonly pausedMs: number;
    /** Share of the time. */
    readonly busy: number;
  };
}

/**
 * So much of a run is warm-up: the compilers are at work, the sound in memory and the outbox fill up, and each kind of fault brings
 * in code that was not run before.
 */
const warmUpShare = 1 / 2;
const longestWarmUpHours = 2;
const blocks = 12;
const hourMs = 3_600_000;

/**
 * @param lanes with the one without faults
 * @param runs the samples of each agent that had faults
 * @param calm the samples of the one that had none
 * @throws where an agent has too few
 */
export function outcomeOf(
  lanes: readonly LaneResult[],
  runs: readonly (readonly Sample[])[],
  calm: readonly Sample[],
): Outcome {
  const steady = runs.map((samples, agent) => {
    const warmUp = warmUpOf(samples) * hourMs;
    const rest = samples.filter(({ upMs }) => upMs >= warmUp);
    if (rest.length < 2 * blocks) throw new Error(`agent ${agent} has left ${rest.length} samples: run it for longer`);
    return rest;
  });
  const seriesOf = (measure: Measure) =>
    steady.map((samples) =>
      blockMeans(
        samples.map((sample) => ({ hours: sample.upMs / hourMs, value: measures[measure](sample) })),
        blocks,
      ),
    );
  const trends = measureNames.map((measure): Trend => {
    const series = seriesOf(measure);
    const slope = meanSlope(series.map(lineThrough));
    const edge = (at: number) => mean(series.flatMap((each) => each.at(at)?.value ?? []));
    const leaking = series.flatMap((each, agent) => (hasGrown(each) ? [agent] : []));
    return {
      measure,
      first: edge(0),
      last: edge(-1),
      slope,
      grown: leaking,
      flat: isFlat(slope) && leaking.length === 0,
    };
  });
  const hours = mean(steady.map((samples) => grown(samples, ({ upMs }) => upMs) / hourMs));
  const logged = steady.map((samples) => grown(samples, ({ logBytes }) => logBytes));
  return {
    summary: summarise(lanes),
    agents: runs.length,
    sessions: lanes.reduce((sum, { sessions }) => sum + sessions, 0),
    warmUpHours: mean(runs.map(warmUpOf)),
    hours,
    trends,
    rssSlopes: seriesOf("resident memory, MB").map(lineThrough),
    logBytesPerHour: mean(logged) / hours,
    perSecond: perSecondOf(calm),
  };
}

function perSecondOf(samples: readonly Sample[]): Outcome["perSecond"] {
  const profile = samples.at(-1)?.profile ?? null;
  if (profile === null) throw new Error("the agent without faults has no profile of its collections");
  const rest = samples.filter(({ upMs }) => upMs >= warmUpOf(samples) * hourMs);
  const seconds = grown(rest, ({ upMs }) => upMs) / 1000;
  return {
    events: grown(rest, ({ events }) => events) / seconds,
    loops: grown(rest, ({ loops }) => loops) / seconds,
    busy: mean(rest.map(({ busy }) => busy)),
    allocatedBytes: (profile.allocated / profile.ms) * 1000,
    collections: (profile.collections / profile.ms) * 1000,
    pausedMs: (profile.pausedMs / profile.ms) * 1000,
  };
}

/** What only grows: how much it has. */
function grown(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const [first, last] = [samples[0], samples.at(-1)];
  return first === undefined || last === undefined ? Number.NaN : of(last) - of(first);
}

function warmUpOf(samples: readonly Sample[]): number {
  return Math.min(longestWarmUpHours, ((samples.at(-1)?.upMs ?? 0) / hourMs) * warmUpShare);
}
