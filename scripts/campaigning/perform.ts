import { setTimeout as sleep } from "node:timers/promises";
import type { Span } from "../../src/simulator/alsa-room.ts";
import type { Hearsay } from "./hearsay.ts";
import type { Deed, ServiceFault } from "./kinds.ts";
import { childrenOf, signal } from "./processes.ts";
import type { Scene } from "./scene.ts";

/** When a fault struck, and from when on nothing stands in the way any more. Times are of `performance.now()`. */
export interface Struck {
  readonly fromMs: number;
  readonly overMs: number;
}

/** What the agent had on its way to the disk when it was killed: its flush interval, and one for a busy machine. */
const unflushedMs = 1500;
/** A disk that has failed is left alone for a while, and then has to catch up. */
const diskRecoveryMs = 10_000;

/** What the lane has to know of deeds beside that, for its verdict. Times are of `performance.now()`. */
export class Books {
  /** Nothing could be written to disk. */
  readonly diskFull: Span[] = [];
  /** The agent was killed: what it heard then may not have reached its disk, and may be missing. */
  readonly uncertain: Span[] = [];
  /** A recorder stood still, and was ended by the agent: what it had not read yet went with it. */
  readonly stopped: Span[] = [];
  /** A recorder stood still, whatever became of it. */
  readonly stalls: Span[] = [];
  /** The agent did not run: what is missing then is in nobody's accounts. */
  readonly away: Span[] = [];
  readonly troubles: string[] = [];
  readonly #hearsay: Pick<Hearsay, "killed">;

  constructor(hearsay: Pick<Hearsay, "killed">) {
    this.#hearsay = hearsay;
  }

  /** The agent was killed at `fromMs`, and is gone at `toMs`. */
  onKill(fromMs: number, toMs: number): void {
    this.#hearsay.killed();
    const full = this.diskFull.findLast(({ to }) => to + diskRecoveryMs > fromMs);
    this.uncertain.push({ from: Math.min(fromMs, full?.from ?? fromMs) - unflushedMs, to: toMs });
  }
}

const lookEveryMs = 50;
/** A recorder that is just being started again. */
const recorderPatienceMs = 20_000;
/** A stop is promised within 5 s; the machine may be busy. */
const longestStopMs = 7000;

/**
 * Makes a fault happen; resolves when nothing stands in the agent's way any more.
 * @param giveUp aborted when it has become plain that the fault does not strike
 * @returns null: it did not strike
 */
export function perform(deed: Deed, scene: Scene, books: Books, giveUp: AbortSignal): Promise<Struck | null> {
  switch (deed.do) {
    case "service":
      return struckService(deed.faults, scene, giveUp);
    case "drop-packets":
      return lasting(
        deed.forMs,
        () => scene.surroundings.dropPackets(scene.service.port),
        () => scene.surroundings.passPackets(),
      );
    case "forget-name":
      return lasting(
        deed.forMs,
        async () => {
          await scene.surroundings.forgetName();
          scene.service.addFault({ fault: "reset" });
        },
        () => scene.surroundings.knowName(),
      );
    case "fill-disk":
      return diskFull(deed.forMs, scene, books);
    case "end-broker":
      return lasting(
        deed.forMs,
        () => scene.broker.leave(),
        () => scene.broker.comeBack(),
      );
    case "kill-recorder":
    case "stop-recorder":
      return recorderSuffers(deed, scene, books, giveUp);
    case "end-agent":
      return agentEnds(deed, scene, books);
  }
}

async function struckService(
  faults: readonly ServiceFault[],
  { service }: Scene,
  giveUp: AbortSignal,
): Promise<Struck | null> {
  const startMs = performance.now() - service.state().uptime_ms;
  const ids = new Set(faults.map((fault) => service.addFault({ fault }).id));
  for (;;) {
    const records = service.state().faults.filter(({ id }) => ids.has(id));
    if (records.every(({ over }) => over)) {
      const times = records.map(({ first_fired_ms }) => first_fired_ms ?? 0);
      const ends = records.map(({ fault, last_fired_ms }) => (last_fired_ms ?? 0) + lengthOf(fault));
      return { fromMs: startMs + Math.min(...times), overMs: startMs + Math.max(...ends) };
    }
    if (giveUp.aborted) return null;
    await sleep(lookEveryMs);
  }
}

/** How long after its beginning a fault is over, ms. */
function lengthOf(fault: Exclude<ServiceFault, string>): number {
  if (fault.kind === "fatal") return fault.disconnect_after_ms ?? 0;
  const lasts = fault.kind === "slow-reader" || fault.kind === "half-open" || fault.kind === "refuse-connections";
  return lasts ? (fault.for_ms ?? 0) : 0;
}

async function lasting(forMs: number, begin: () => Promise<void>, end: () => Promise<void>): Promise<Struck> {
  const fromMs = performance.now();
  await begin();
  try {
    await sleep(forMs);
  } finally {
    await end();
  }
  return { fromMs, overMs: performance.now() };
}

async function diskFull(forMs: number, { surroundings }: Scene, books: Books): Promise<Struck> {
  const struck = await lasting(
    forMs,
    () => surroundings.fillDisk(),
    () => surroundings.emptyDisk(),
  );
  books.diskFull.push({ from: struck.fromMs, to: struck.overMs });
  return struck;
}

async function recorderSuffers(
  deed: Extract<Deed, { do: "kill-recorder" | "stop-recorder" }>,
  { agent }: Scene,
  books: Books,
  giveUp: AbortSignal,
): Promise<Struck | null> {
  const deadline = performance.now() + recorderPatienceMs;
  for (;;) {
    const [recorder] = agent.pid === null ? [] : childrenOf(agent.pid);
    const fromMs = performance.now();
    if (recorder !== undefined && signal(recorder, deed.do === "kill-recorder" ? "SIGKILL" : "SIGSTOP")) {
      if (deed.do === "kill-recorder") return { fromMs, overMs: fromMs };
      const isThere = () => agent.pid !== null && childrenOf(agent.pid).includes(recorder);
      while (performance.now() < fromMs + deed.forMs && isThere()) await sleep(lookEveryMs);
      const goesOn = isThere() && signal(recorder, "SIGCONT");
      const overMs = performance.now();
      books.stalls.push({ from: fromMs, to: overMs });
      if (!goesOn) books.stopped.push({ from: fromMs, to: overMs });
      return { fromMs, overMs };
    }
    if (giveUp.aborted || fromMs > deadline) return null;
    await sleep(lookEveryMs);
  }
}

async function agentEnds(
  { signal: name, awayMs }: Extract<Deed, { do: "end-agent" }>,
  { agent }: Scene,
  books: Books,
): Promise<Struck> {
  const fromMs = performance.now();
  const tookMs = await agent.end(name);
  if (name === "SIGTERM" && tookMs > longestStopMs)
    books.troubles.push(`the agent took ${Math.round(tookMs)} ms to stop`);
  if (name === "SIGKILL") books.onKill(fromMs, performance.now());
  await sleep(awayMs);
  agent.start();
  const overMs = performance.now();
  books.away.push({ from: fromMs, to: overMs });
  return { fromMs, overMs };
}
