import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { frame, frameMs, machineMs } from "./frames.ts";
import { cpuMs, peakMegabytes } from "./process-figures.ts";
import type { Programs } from "./programs.ts";
import { type Kind, kinds, type Sender, startSender } from "./senders.ts";
import type { Arrival, SinkMessage } from "./sink.ts";
import { inTurn } from "./turns.ts";

/** What was measured of one process in one round. */
export interface Measurement {
  readonly kind: Kind;
  /** ms of CPU a second of sound, start-up and warm-up left out. */
  readonly cpuMs: number;
  /** Peak of resident memory from its start on, MB. */
  readonly megabytes: number;
  /** From the frame's last byte written to its arrival at the sink, ms, frame by frame. */
  readonly latenciesMs: readonly number[];
}

export interface RoundOptions {
  readonly programs: Programs;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Processes of each kind. */
  readonly streams: number;
  /** Which round it is: who comes first within a frame's time changes from one to the next. */
  readonly turn: number;
  readonly signal: AbortSignal;
}

/** So long each is fed at the same moment within a frame's time: who comes after others finds the processor awake. */
const framesAtAPlace = 50;

/**
 * Starts fresh processes of every kind and feeds them all in real time, each at its own moment within a frame's time, so
 * that they meet the same machine without meeting each other. They change moments every five seconds.
 */
export async function runRound({
  programs,
  warmUpSeconds,
  seconds,
  streams,
  turn,
  signal,
}: RoundOptions): Promise<Measurement[]> {
  await using sink = await startSink();
  await using stack = new AsyncDisposableStack();
  const senders: Sender[] = [];
  for (let n = 0; n < streams; n += 1) {
    for (const kind of kinds) senders.push(stack.use(startSender(kind, `${kind}-${turn}-${n}`, sink.port, programs)));
  }
  const turned = inTurn(senders, turn);
  const warmUpFrames = (warmUpSeconds * 1000) / frameMs;
  const frames = (seconds * 1000) / frameMs;
  const written = new Map(senders.map(({ name }) => [name, new Float64Array(warmUpFrames + frames)]));
  const cpuBefore = new Map<string, number>();
  const startMs = machineMs() + 200;
  for (let number = 0; number < warmUpFrames + frames; number += 1) {
    for (const [place, sender] of inTurn(turned, Math.floor(number / framesAtAPlace)).entries()) {
      await until(startMs + (number + place / turned.length) * frameMs, signal);
      if (number === warmUpFrames) cpuBefore.set(sender.name, cpuMs(sender.pid));
      const bytes = frame(number);
      written.get(sender.name)?.set([machineMs()], number);
      sender.write(bytes);
    }
  }
  await until(startMs + (warmUpFrames + frames) * frameMs, signal);
  const costs = turned.map(({ name, pid }) => ({
    cpuMs: (cpuMs(pid) - (cpuBefore.get(name) ?? 0)) / seconds,
    megabytes: peakMegabytes(pid),
  }));
  const arrivals = await allArrivals(sink, senders, warmUpFrames + frames - 1, signal);
  return turned.map(({ kind, name }, place) => {
    const times = written.get(name) ?? new Float64Array(0);
    const measured = (arrivals[name] ?? []).filter(([number]) => number >= warmUpFrames);
    if (measured.length < frames - 1) throw new Error(`${name} has sent ${measured.length} of ${frames} frames`);
    const latenciesMs = measured.map(([number, atMs]) => atMs - (times[number] ?? Number.NaN));
    const { cpuMs: cpu = Number.NaN, megabytes = Number.NaN } = costs[place] ?? {};
    return { kind, cpuMs: cpu, megabytes, latenciesMs };
  });
}

/** What has arrived, once everybody's last frame has; what has not after 5 s is missing. */
async function allArrivals(
  sink: { readonly arrivals: () => Promise<Readonly<Record<string, readonly Arrival[]>>> },
  senders: readonly Sender[],
  last: number,
  signal: AbortSignal,
): Promise<Readonly<Record<string, readonly Arrival[]>>> {
  for (const deadlineMs = machineMs() + 5000; ; await until(machineMs() + 100, signal)) {
    const arrivals = await sink.arrivals();
    const complete = senders.every(({ name }) => arrivals[name]?.at(-1)?.[0] === last);
    if (complete || machineMs() > deadlineMs) return arrivals;
  }
}

/** @throws an AbortError when `signal` aborts */
async function until(atMs: number, signal: AbortSignal): Promise<void> {
  await setTimeout(Math.max(0, atMs - machineMs()), undefined, { signal });
}

async function startSink() {
  const script = fileURLToPath(import.meta.resolve("./sink.ts"));
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const next = async (): Promise<SinkMessage> => {
    const message: unknown = (await once(child, "message"))[0];
    // It is our own script at the other end.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return message as SinkMessage;
  };
  const first = await next();
  if (first.type !== "listening") throw new Error("the sink does not listen");
  return {
    port: first.port,
    async arrivals(): Promise<Readonly<Record<string, readonly Arrival[]>>> {
      child.send("arrivals");
      const message = await next();
      return message.type === "arrivals" ? message.arrivals : {};
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
