import type { LaneResult } from "../../campaigning/lane.ts";
import { type Summary, summarise } from "../../campaigning/summary.ts";
import type { Sample } from "./samples.ts";
import { blockMeans, isFlat, lineThrough, mean, meanSlope, type Slope } from "./slope.ts";

/** What of a process is looked at for growth. */
const measures = {
  "resident memory, MB": ({ rss }: Sample) => rss / 1e6,
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
  /** By second of sound, as captured. */
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

/** So much of a run is warm-up: the compiler, the sound in memory and the outbox fill up. */
const warmUpShare = 1 / 3;
const longestWarmUpHours = 0.5;
const blocks = 12;
const hourMs = 3_600_000;

/** @param runs the samples of each agent. @throws where an agent has too few */
export function outcomeOf(lanes: readonly LaneResult[], runs: readonly (readonly Sample[])[]): Outcome {
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
    return { measure, first: edge(0), last: edge(-1), slope, flat: isFlat(slope) };
  });
  // Each sample tells of the time since the one before.
  const counted = steady.flatMap((samples) => samples.slice(1));
  const seconds = counted.reduce((sum, { lastMs }) => sum + lastMs / 1000, 0);
  const total = (of: (sample: Sample) => number) => counted.reduce((sum, sample) => sum + of(sample), 0);
  const grown = (of: (sample: Sample) => number) =>
    steady.reduce((sum, samples) => sum + Math.max(...samples.map(of)) - Math.min(...samples.map(of)), 0);
  return {
    summary: summarise(lanes),
    agents: lanes.length,
    sessions: lanes.reduce((sum, { sessions }) => sum + sessions, 0),
    warmUpHours: mean(runs.map(warmUpOf)),
    hours: mean(steady.map((samples) => ((samples.at(-1)?.upMs ?? 0) - (samples[0]?.upMs ?? 0)) / hourMs)),
    trends,
    rssSlopes: seriesOf("resident memory, MB").map(lineThrough),
    logBytesPerHour: grown(({ logBytes }) => logBytes) / (seconds / 3600),
    perSecond: {
      events: grown(({ events }) => events) / seconds,
      loops: grown(({ loops }) => loops) / seconds,
      allocatedBytes: total(({ allocated }) => allocated) / seconds,
      collections: total(({ collections }) => collections) / seconds,
      pausedMs: total(({ pausedMs }) => pausedMs) / seconds,
      busy: total(({ busy, lastMs }) => busy * lastMs) / (seconds * 1000),
    },
  };
}

function warmUpOf(samples: readonly Sample[]): number {
  return Math.min(longestWarmUpHours, ((samples.at(-1)?.upMs ?? 0) / hourMs) * warmUpShare);
}
