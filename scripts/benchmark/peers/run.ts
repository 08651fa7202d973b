import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Bundle, bundle } from "../programs.ts";
import { type Client, chosenClients } from "./clients.ts";
import { type FaultName, faults } from "./faults.ts";
import { Link } from "./link.ts";
import { type RunningClient, runClient } from "./runner.ts";
import { type Measure, measure, type Outcome, suffer, together } from "./scene.ts";
import type { Ports } from "./services.ts";

/** What became of a client. */
export interface ClientResult {
  readonly name: string;
  readonly title: string;
  /** ms of CPU a second of sound, while nothing goes wrong, of each of its processes; none: not measured. */
  readonly cpuMsPerSecond: readonly number[];
  readonly outcomes: ReadonlyMap<FaultName, Outcome>;
}

export interface PeersResult {
  readonly clients: readonly ClientResult[];
  readonly faults: readonly FaultName[];
  readonly measure: Measure;
  readonly sideBySide: boolean;
}

export interface PeersOptions {
  readonly clients: readonly string[];
  readonly faults: readonly FaultName[];
  readonly measure: Measure;
  /** All faults at the same time, each with clients of its own, instead of one after the other. */
  readonly sideBySide: boolean;
  /** Where what clients say on standard error is kept; null: nowhere. */
  readonly logFolder: string | null;
  readonly say: (text: string) => void;
  /** Ends it early: rejects with an AbortError, nothing is left behind. */
  readonly signal: AbortSignal;
}

/** Scenes side by side do not all start their processes at the same time, ms. */
const apartMs = 4000;
/**
 * While nothing goes wrong, each client runs so many times: what V8 makes of a program differs from process to process. So far
 * from one another in a block's 100 ms, ms.
 */
const casts = 3;
const castsApartMs = 33;
const observer = "observer";

/** Runs the clients through the faults. */
export async function runPeers(options: PeersOptions): Promise<PeersResult> {
  const { say, signal } = options;
  const clients = await chosenClients(options.clients, say);
  const sources = Object.fromEntries(clients.map(({ name, source }) => [name, source]));
  const observerSource = fileURLToPath(new URL("./observer.ts", import.meta.url));
  await using programs = await bundle({ ...sources, [observer]: observerSource });
  await using services = await startServices();
  const stage = { clients, programs, ports: services.ports, logFolder: options.logFolder ?? programs.folder };
  const outcomes = new Map<FaultName, readonly Outcome[]>();
  const note = (fault: FaultName, of: readonly Outcome[]) => {
    outcomes.set(fault, of);
    say(`${fault}: ${clients.map(({ name }, index) => `${name} ${words(of[index])}`).join("; ")}`);
  };
  let cpuMsPerSecond: readonly (readonly number[])[] = [];

  const play = async (fault: FaultName) => {
    await using cast = await openCast(stage, fault);
    note(fault, await suffer(cast.running, faults[fault], signal));
  };
  const playRest = async () => {
    const rest = options.faults.filter((fault) => fault !== "none");
    if (!options.sideBySide) {
      for (const fault of rest) await play(fault);
      return;
    }
    const scenes = rest.map(async (fault, index) => {
      await sleep(index * apartMs, undefined, { signal });
      await play(fault);
    });
    // None is left running when another fails.
    const failed = (await Promise.allSettled(scenes)).find((scene) => scene.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  };
  if (options.faults.includes("none")) {
    await using all = new AsyncDisposableStack();
    const opened = [];
    for (let cast = 0; cast < casts; cast += 1) opened.push(all.use(await openCast(stage, "none", `${cast}`)));
    // Those that play side by side do so while this scene warms up. It is measured alone: nothing else is to take the machine's time.
    const others = options.sideBySide ? playRest() : Promise.resolve();
    try {
      const measured = await Promise.all(
        opened.map(async ({ running }, cast) => {
          await sleep(cast * castsApartMs, undefined, { signal });
          return measure(running, { ...options.measure, alone: others }, signal);
        }),
      );
      const ofEach = <T>(of: (one: (typeof measured)[number]) => readonly T[]) =>
        clients.map((_, index) => measured.flatMap((one) => of(one).slice(index, index + 1)));
      cpuMsPerSecond = ofEach((one) => one.cpuMsPerSecond);
      note("none", ofEach((one) => one.outcomes).map(together));
    } finally {
      await others;
    }
    if (!options.sideBySide) await playRest();
  } else await playRest();

  const outcomesOf = (index: number) =>
    new Map(
      options.faults.flatMap((fault) => {
        const outcome = outcomes.get(fault)?.[index];
        return outcome === undefined ? [] : [[fault, outcome] as const];
      }),
    );
  return {
    clients: clients.map(({ name, title }, index) => ({
      name,
      title,
      cpuMsPerSecond: cpuMsPerSecond[index] ?? [],
      outcomes: outcomesOf(index),
    })),
    faults: options.faults,
    measure: options.measure,
    sideBySide: options.sideBySide,
  };
}

interface Stage {
  readonly clients: readonly Client[];
  readonly programs: Bundle;
  readonly ports: Ports;
  readonly logFolder: string;
}

interface Cast extends AsyncDisposable {
  readonly running: readonly RunningClient[];
}

/** All clients, started anew, each with a link of its own. @param name of this cast where the fault has several */
async function openCast({ clients, programs, ports, logFolder }: Stage, fault: FaultName, name = ""): Promise<Cast> {
  await using stack = new AsyncDisposableStack();
  const running: RunningClient[] = [];
  for (const client of clients) {
    const link = stack.use(await Link.open(ports[client.service]));
    const started = runClient(client, link, {
      program: programs.of(client.name),
      observer: programs.of(observer),
      folder: path.join(logFolder, fault, name, client.name),
      watchSockets: fault !== "none",
    });
    running.push(stack.use(started));
  }
  const kept = stack.move();
  return { running, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function startServices() {
  const child = fork(fileURLToPath(new URL("./services.ts", import.meta.url)), { stdio: "inherit" });
  const exited = once(child, "exit");
  // It is our own program.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const ports = (await once(child, "message"))[0] as Ports;
  return {
    ports,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function words(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "";
  const { spoken, lost, doubled, pieces, attempts, liveMs } = outcome;
  const live = liveMs === null ? "not live" : `live after ${(liveMs / 1000).toFixed(1)} s`;
  return `${lost} of ${spoken} lost, ${doubled} doubled, ${pieces} in pieces, ${attempts} attempts, ${live}`;
}
