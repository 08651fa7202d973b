import { median, quantile } from "./figures.ts";
import { bundlePrograms } from "./programs.ts";
import { type Measurement, runRound } from "./round.ts";
import { type Kind, kinds } from "./senders.ts";

/** The figures of one kind of process: medians over rounds and processes. */
export interface Figures {
  /** ms of CPU a second of sound. */
  readonly cpuMs: number;
  readonly megabytes: number;
  /** From the frame's last byte to its arrival, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How the agent compares with the bare sender. */
export interface Result {
  readonly streams: number;
  readonly figures: Readonly<Record<Kind, Figures>>;
  /** The agent's figures by the bare sender's, medians over the rounds. */
  readonly cpuRatio: number;
  readonly rssRatio: number;
  readonly diskCpuRatio: number;
  /** The agent's quantile less the bare sender's, ms. */
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly rounds: number;
}

/** Runs the rounds, and says after each what it gave. */
export async function runBenchmark(options: {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly streams: readonly number[];
  readonly say: (text: string) => void;
  /** Ends it early: rejects with an AbortError, nothing is left behind. */
  readonly signal: AbortSignal;
}): Promise<Result[]> {
  const { warmUpSeconds, seconds, rounds, say, signal } = options;
  await using programs = await bundlePrograms();
  const results: Result[] = [];
  for (const streams of options.streams) {
    const perRound: Readonly<Record<Kind, Figures>>[] = [];
    for (let turn = 0; turn < rounds; turn += 1) {
      const measured = await runRound({ programs, warmUpSeconds, seconds, streams, turn, signal });
      const figures = byKind((kind) => figuresOf(measured.filter((each) => each.kind === kind)));
      perRound.push(figures);
      say(
        `round ${turn + 1} of ${rounds}, ${streams} of each: ${kinds.map((kind) => words(kind, figures[kind])).join("; ")}`,
      );
    }
    results.push(resultOf(perRound, { streams, warmUpSeconds, seconds, rounds }));
  }
  return results;
}

function figuresOf(measured: readonly Measurement[]): Figures {
  return {
    cpuMs: median(measured.map((each) => each.cpuMs)),
    megabytes: median(measured.map((each) => each.megabytes)),
    p50Ms: median(measured.map((each) => quantile(each.latenciesMs, 0.5))),
    p99Ms: median(measured.map((each) => quantile(each.latenciesMs, 0.99))),
  };
}

function resultOf(
  perRound: readonly Readonly<Record<Kind, Figures>>[],
  how: Pick<Result, "streams" | "warmUpSeconds" | "seconds" | "rounds">,
): Result {
  const over = (value: (round: Readonly<Record<Kind, Figures>>) => number) => median(perRound.map(value));
  return {
    ...how,
    figures: byKind((kind) => ({
      cpuMs: over((round) => round[kind].cpuMs),
      megabytes: over((round) => round[kind].megabytes),
      p50Ms: over((round) => round[kind].p50Ms),
      p99Ms: over((round) => round[kind].p99Ms),
    })),
    cpuRatio: over(({ agent, bare }) => agent.cpuMs / bare.cpuMs),
    rssRatio: over(({ agent, bare }) => agent.megabytes / bare.megabytes),
    diskCpuRatio: over((round) => round["agent-disk"].cpuMs / round.bare.cpuMs),
    addedP50Ms: over(({ agent, bare }) => agent.p50Ms - bare.p50Ms),
    addedP99Ms: over(({ agent, bare }) => agent.p99Ms - bare.p99Ms),
  };
}

function byKind(figures: (kind: Kind) => Figures): Readonly<Record<Kind, Figures>> {
  return { bare: figures("bare"), agent: figures("agent"), "agent-disk": figures("agent-disk") };
}

function words(kind: Kind, { cpuMs, megabytes, p50Ms, p99Ms }: Figures): string {
  return `${kind} ${cpuMs.toFixed(2)} ms/s, ${megabytes.toFixed(0)} MB, ${p50Ms.toFixed(2)}/${p99Ms.toFixed(2)} ms`;
}
