import type { Span } from "../../src/simulator/alsa-room.ts";
import { between, lengthOf, type Spans, touch, widened, without } from "./spans.ts";

/** What the agent says of its sound when it stops (`AudioLog.ledger`), ms. */
export interface Ledger {
  readonly capturedMs: number;
  /** Of what was captured: a run before left it on disk. */
  readonly resumedMs: number;
  readonly acknowledgedMs: number;
  readonly pendingMs: number;
  readonly lostMs: number;
  readonly missedMs: number;
}

/** The ledger of one run of the agent. */
export interface RunLedger extends Ledger {
  /** How the run before it ended; null: it was the first. What a killed run captured is in no ledger but its heir's. */
  readonly after: "ledger" | "kill" | null;
}

/** Sound that the agent says is missing, ms of the room's time. */
export interface ToldGap extends Span {
  readonly lostMs: number;
  readonly cause: string;
}

/** Samples are whole, ms are not. */
const roundingMs = 1;

/** What all runs captured, each sample counted once: not what a run took over from one that has counted it. */
export function capturedByAll(ledgers: readonly RunLedger[]): number {
  return sum(
    ledgers.map(({ capturedMs, resumedMs, after }) => (after === "ledger" ? capturedMs - resumedMs : capturedMs)),
  );
}

/** What one run left that the next did not take over, in words. */
export function brokenHeritage(ledgers: readonly RunLedger[]): string[] {
  return ledgers.flatMap((ledger, index) => {
    const before = ledgers[index - 1];
    if (before === undefined || ledger.after !== "ledger") return [];
    const offMs = ledger.resumedMs - before.pendingMs;
    if (Math.abs(offMs) <= roundingMs) return [];
    return [`a run left ${before.pendingMs} ms to be recognised, the next took over ${ledger.resumedMs} ms`];
  });
}

/** What is wrong with a run's ledger; null: it balances. */
export function imbalance(ledger: Ledger): string | null {
  const { capturedMs, acknowledgedMs, pendingMs, lostMs } = ledger;
  const offMs = capturedMs - acknowledgedMs - pendingMs - lostMs;
  if (Math.abs(offMs) <= roundingMs) return null;
  return `captured ${capturedMs} is not acknowledged ${acknowledgedMs} + pending ${pendingMs} + lost ${lostMs} ms`;
}

/** Breaks in the sound, close together, and what was told of them. */
export interface GapAccount extends Span {
  readonly trueMs: number;
  readonly toldMs: number;
  readonly isRight: boolean;
}

/** What is shorter is no gap to the agent. */
const shortestGapMs = 50;
/** Gaps that are closer together are one account. */
const togetherMs = 3000;
const aroundMs = 1500;

/**
 * Compares the gaps that the agent told of with those that there were.
 *
 * @param heard what recorders gave
 * @param away when the agent did not run, or nobody knows what was missing: a gap of that time is no account
 * @param chunkMs how far each told gap may be from the true one
 */
export function gapAccounts(heard: Spans, told: readonly ToldGap[], away: Spans, chunkMs: number): GapAccount[] {
  const { excused = [], counted: holes = [] } = Object.groupBy(between(heard), (hole) =>
    away.some((each) => touch(each, widened(hole, aroundMs))) ? "excused" : "counted",
  );
  const captureGaps = told.filter(
    (gap) =>
      (gap.cause === "capture" || gap.cause === "overrun") &&
      nearest(gap, holes) <= nearest(gap, [...excused, ...away]),
  );
  const isAround = (hole: Span) => (gap: Span) => touch(widened(gap, aroundMs), hole);
  // A gap that was told where there was none is an account, too.
  const unfounded = without(
    captureGaps.map(({ from, to }) => ({ from, to: Math.max(to, from + 1) })),
    [...holes, ...away].map((hole) => widened(hole, aroundMs)),
  ).map(({ from }) => ({ from, to: from }));
  return together([...holes, ...unfounded].toSorted((a, b) => a.from - b.from)).map((cluster) => {
    const { from, to } = { from: cluster[0]?.from ?? 0, to: cluster.at(-1)?.to ?? 0 };
    const trueMs = sum(cluster.map(lengthOf));
    const toldMs = sum(captureGaps.filter(isAround({ from, to: Math.max(to, from + 1) })).map(({ lostMs }) => lostMs));
    const allowedMs =
      cluster.length * chunkMs + cluster.filter((hole) => lengthOf(hole) < shortestGapMs).length * shortestGapMs;
    return { from, to, trueMs, toldMs, isRight: Math.abs(trueMs - toldMs) <= allowedMs };
  });
}

/** How far a gap is from the nearest of these. */
function nearest(gap: Span, holes: Spans): number {
  const apart = (hole: Span) => Math.max(0, hole.from - gap.to, gap.from - hole.to);
  return Math.min(...holes.map(apart), Number.POSITIVE_INFINITY);
}

function together(holes: Spans): Span[][] {
  const clusters: Span[][] = [];
  for (const hole of holes) {
    const last = clusters.at(-1);
    if (last !== undefined && hole.from - (last.at(-1)?.to ?? 0) < togetherMs) last.push(hole);
    else clusters.push([hole]);
  }
  return clusters;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
