import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../src/base/random.ts";
import type { Span } from "../../src/simulator/alsa-room.ts";
import type { SimulatorLimits } from "../../src/simulator/options.ts";
import { brokenHeritage, type GapAccount, gapAccounts, imbalance, type RunLedger } from "./accounts.ts";
import { type Burst, type DrawnFault, drawBurst, drawProfile, type Profile, suitable } from "./draw.ts";
import { Hearsay } from "./hearsay.ts";
import type { KindName } from "./kinds.ts";
import { Books, perform, type Struck } from "./perform.ts";
import type { Microphone } from "./room.ts";
import { type AgentCommand, openScene, type Scene } from "./scene.ts";
import { distance, type Spans } from "./spans.ts";
import type { Machine } from "./surroundings.ts";
import { judge, type Verdict } from "./verdict.ts";
import { Watch } from "./watch.ts";

/** One of the campaign's lanes: an agent with a service of its own, and its share of the faults. */
export interface LanePlan {
  readonly lane: number;
  readonly seed: string;
  readonly ordeal: Ordeal;
  readonly kinds: readonly KindName[];
  /** null: it is drawn. */
  readonly profile: Profile | null;
  readonly agent: AgentCommand;
  /** Where the service's limits differ from the real ones. */
  readonly limits: Partial<SimulatorLimits>;
  readonly microphone: Microphone;
  readonly folder: string;
  readonly machine: Machine;
}

/** So many faults, as close together as drawn; or one at a time, a while after the one before is got over, for so long. */
export type Ordeal = { readonly faults: number } | { readonly forMs: number; readonly everyMs: number };

/** A fault as it happened. Times are ms of the room's time. */
export interface Suffered {
  readonly kind: KindName;
  readonly fromMs: number;
  /** When nothing stood in the agent's way any more. */
  readonly overMs: number;
  /** From there until sound flowed live; for faults that overlap, from the end of the last of them. */
  readonly liveAgainMs: number | null;
}

export interface LaneResult {
  readonly lane: number;
  readonly profile: Profile;
  readonly microphone: Microphone;
  readonly folder: string;
  readonly faults: readonly Suffered[];
  /** Sessions that the service has opened. */
  readonly sessions: number;
  readonly verdict: Verdict;
  /** The fault that was nearest to each of the verdict's misfortunes: its index; null: there was none. */
  readonly blamed: readonly (number | null)[];
  /** Of the runs of the agent that were not killed, in order. */
  readonly ledgers: readonly RunLedger[];
  readonly gaps: readonly GapAccount[];
  /** For how long at most the machine did not let the lane's own process run. */
  readonly heldUpMs: number;
  /** What else was wrong, in words. */
  readonly troubles: readonly string[];
}

/** The agent starts, and is heard for the first time. */
const firstLiveMs = 60_000;
/** By its own rules it may wait for minutes where something fails twice that only a person can mend. */
const liveAgainWithinMs = 300_000;
/** A fault that finds no opportunity while all is well for so long does not strike. */
const strikeWithinMs = 15_000;
/** A stop is promised within 5 s; the machine may be busy. */
const longestStopMs = 7000;
/** At the end the agent is left alone for so long: what was said is to be told. */
const lastWordsMs = 2500;

/**
 * Runs a lane from its agent's start to its end.
 * @param onScene told of the scene as soon as it is open
 * @param onProgress told in words
 */
export async function runLane(
  plan: LanePlan,
  onScene: (scene: Scene) => void,
  onProgress: (words: string) => void,
): Promise<LaneResult> {
  const random = seededRandom(plan.seed);
  const profile = plan.profile ?? drawProfile(random, plan.kinds, plan.machine.meets);
  const names = suitable(plan.kinds, profile, plan.machine.meets);
  using hearsay = new Hearsay(join(plan.folder, "transcripts.jsonl"));
  await using scene = await openScene({ ...plan, profile }, hearsay);
  onScene(scene);
  const books = new Books(hearsay);
  const faults: Suffered[] = [];
  let heldUpMs = 0;
  {
    using watch = new Watch(scene, profile, () => heardIn(scene, books));
    const began = (await watch.liveFrom(performance.now(), firstLiveMs)) !== null;
    if (!began) books.troubles.push(`no sound flowed within ${firstLiveMs / 1000} s of the agent's start`);
    const { ordeal } = plan;
    const beganMs = performance.now();
    const leftMs = () => ("forMs" in ordeal ? beganMs + ordeal.forMs - performance.now() : 0);
    const goesOn = () => ("forMs" in ordeal ? leftMs() > ordeal.everyMs : faults.length < ordeal.faults);
    let burst: Burst | null = null;
    while (began && goesOn()) {
      burst = drawBurst(random, names, burst, "forMs" in ordeal ? 1 : ordeal.faults - faults.length);
      await sleep("forMs" in ordeal ? ordeal.everyMs : burst.calmMs);
      const struck = await suffer(burst, scene, watch, books);
      if (struck.length === 0) continue;
      const kindsOfIt = struck.map(({ kind }) => kind).join(" + ");
      const overMs = Math.max(...struck.map((each) => each.overMs));
      const liveMs = await watch.liveFrom(overMs, liveAgainWithinMs);
      const liveAgainMs = liveMs === null ? null : Math.round(liveMs - overMs);
      for (const { kind, fromMs, overMs: ownOverMs } of struck)
        faults.push({ kind, fromMs, overMs: ownOverMs, liveAgainMs });
      onProgress(
        `${faults.length}${"forMs" in ordeal ? "" : `/${ordeal.faults}`} ${kindsOfIt}: ${liveAgainMs === null ? "not live again" : `live again after ${liveAgainMs} ms`}`,
      );
      if (liveMs === null) {
        books.troubles.push(`not live again within ${liveAgainWithinMs / 1000} s after ${kindsOfIt}`);
        break;
      }
    }
    await sleep(Math.max(lastWordsMs, leftMs()));
    heldUpMs = watch.heldUpMs;
  }
  const tookMs = await scene.agent.end("SIGTERM");
  if (tookMs > longestStopMs) books.troubles.push(`the agent took ${Math.round(tookMs)} ms to stop`);
  return { ...settle(plan, profile, scene, hearsay, books, faults), heldUpMs };
}

/** Lets a burst happen; resolves when all of it is over. Faults that found no opportunity are left out. */
async function suffer(
  burst: Burst,
  scene: Scene,
  watch: Watch,
  books: Books,
): Promise<(Struck & { readonly kind: KindName })[]> {
  const giveUp = new AbortController();
  const one = async ({ kind, deed }: DrawnFault) => {
    const struck = await perform(deed, scene, books, giveUp.signal);
    return struck === null ? [] : [{ ...struck, kind }];
  };
  const running: ReturnType<typeof one>[] = [];
  for (const fault of burst.faults) {
    await sleep(fault.afterMs);
    running.push(one(fault));
  }
  using _patience = watch.whenWellFor(strikeWithinMs, () => {
    giveUp.abort();
    scene.service.clearFaults();
  });
  return (await Promise.all(running)).flat();
}

/** Closes the books of a lane whose agent has ended. */
function settle(
  { lane, microphone, folder }: LanePlan,
  profile: Profile,
  scene: Scene,
  hearsay: Hearsay,
  books: Books,
  faults: readonly Suffered[],
): Omit<LaneResult, "heldUpMs"> {
  const { room, shape } = scene;
  const startMs = performance.now() - (room.nowMs() ?? 0);
  const wallStartMs = Date.now() - (room.nowMs() ?? 0);
  const inRoom = ({ from, to }: Span): Span => ({ from: from - startMs, to: to - startMs });
  const heard = heardIn(scene, books);
  const lines = hearsay.lines.map((line) => ({
    ...line,
    startMs: line.startMs - wallStartMs,
    endMs: line.endMs - wallStartMs,
  }));
  const told = hearsay.gaps.map((gap) => ({ ...gap, from: gap.from - wallStartMs, to: gap.to - wallStartMs }));
  const verdict = judge(lines, shape, heard, books.uncertain.map(inRoom), room);
  const suffered = faults.map((each) => ({ ...each, fromMs: each.fromMs - startMs, overMs: each.overMs - startMs }));
  // What recorders did before an agent had heard anything is no gap to it.
  const away = [{ from: startMs, to: startMs }, ...books.away];
  const deaf = away.map(({ from, to }) => ({ from, to: hearsay.flowsMs.find((ms) => ms > to) ?? to }));
  const uncounted = [...deaf, ...(room.keepsSound ? books.stalls : [])].map(inRoom);
  const gaps = gapAccounts(heard, told, uncounted, room.chunkMs);
  const unbalanced = hearsay.ledgers.flatMap((ledger) => imbalance(ledger) ?? []);
  return {
    lane,
    profile,
    microphone,
    folder,
    faults: suffered,
    sessions: scene.service.state().sessions.opened,
    verdict,
    blamed: verdict.misfortunes.map(({ word }) => nearest(suffered, word.startMs)),
    ledgers: hearsay.ledgers,
    gaps,
    troubles: [...books.troubles, ...hearsay.errors, ...unbalanced, ...brokenHeritage(hearsay.ledgers)],
  };
}

/** What recorders gave, ms of the room's time. */
function heardIn({ room }: Scene, { stopped }: Books): Spans {
  const startMs = performance.now() - (room.nowMs() ?? 0);
  return room.heard(stopped.map(({ from, to }) => ({ from: from - startMs, to: to - startMs })));
}

/** The index of the fault in whose time, or nearest to it, a moment lies; of several, the last. */
function nearest(faults: readonly Suffered[], atMs: number): number | null {
  const distances = faults.map(({ fromMs, overMs, liveAgainMs }) =>
    distance({ from: fromMs, to: overMs + (liveAgainMs ?? 0) }, atMs),
  );
  return distances.length === 0 ? null : distances.lastIndexOf(Math.min(...distances));
}
