import { capturedByAll } from "./accounts.ts";
import { type KindName, kindNames, kindOf } from "./kinds.ts";
import type { LaneResult, Suffered } from "./lane.ts";
import type { Misfortune } from "./verdict.ts";

/** The campaign's last line with `--json`. */
export interface Summary {
  readonly faults: number;
  readonly words: number;
  readonly lost: number;
  readonly doubled: number;
  readonly live_again_ms: Quantiles;
  readonly ledger: { readonly captured_ms: number; readonly acknowledged_ms: number; readonly lost_ms: number };
}

/** null: nothing to take them of. */
export interface Quantiles {
  readonly p50: number | null;
  readonly max: number | null;
}

/** What one kind of fault did, over all lanes. */
export interface KindRow {
  readonly kind: KindName;
  readonly times: number;
  readonly lost: number;
  readonly doubled: number;
  readonly liveAgainMs: Quantiles;
}

export function summarise(lanes: readonly LaneResult[]): Summary {
  const faults = lanes.flatMap((lane) => lane.faults);
  const ledgers = lanes.flatMap((lane) => lane.ledgers);
  return {
    faults: faults.length,
    words: sum(lanes.map(({ verdict }) => verdict.words)),
    lost: sum(lanes.map(({ verdict }) => count(verdict.misfortunes, "lost"))),
    doubled: sum(lanes.map(({ verdict }) => count(verdict.misfortunes, "doubled"))),
    live_again_ms: liveAgain(faults),
    ledger: {
      captured_ms: Math.round(sum(lanes.map((lane) => capturedByAll(lane.ledgers)))),
      acknowledged_ms: Math.round(sum(ledgers.map(({ acknowledgedMs }) => acknowledgedMs))),
      lost_ms: Math.round(sum(ledgers.map(({ lostMs }) => lostMs))),
    },
  };
}

/** Rows for the kinds that happened, in the kinds' own order. */
export function rowsOf(lanes: readonly LaneResult[]): KindRow[] {
  const faults = lanes.flatMap((lane) =>
    lane.faults.map((fault, index) => ({
      ...fault,
      misfortunes: lane.verdict.misfortunes.filter((_, which) => lane.blamed[which] === index),
    })),
  );
  return kindNames.flatMap((kind) => {
    const ofKind = faults.filter((fault) => fault.kind === kind);
    if (ofKind.length === 0) return [];
    const misfortunes = ofKind.flatMap((fault) => fault.misfortunes);
    return [
      {
        kind,
        times: ofKind.length,
        lost: count(misfortunes, "lost"),
        doubled: count(misfortunes, "doubled"),
        liveAgainMs: liveAgain(ofKind),
      },
    ];
  });
}

/** What went wrong, a sentence each, with what it takes to find it again; empty: the campaign is passed. */
export function accusations(lanes: readonly LaneResult[]): string[] {
  return lanes.flatMap((lane) => {
    const where = `lane ${lane.lane} (${lane.folder})`;
    const misfortunes = lane.verdict.misfortunes.map(({ what, word, ids }, index) => {
      const blamed = lane.blamed[index];
      const fault = blamed === null || blamed === undefined ? undefined : lane.faults[blamed];
      const near = fault === undefined ? "no fault" : `${fault.kind} (${span(fault)})`;
      const came = ids.length === 0 ? "" : `, came as ${ids.join(", ")}`;
      return `${where}: word ${word.text}, said at ${seconds(word.startMs)}, was ${what}; near ${near}${came}`;
    });
    const gaps = lane.gaps
      .filter(({ isRight }) => !isRight)
      .map(
        ({ from, trueMs, toldMs }) =>
          `${where}: ${Math.round(trueMs)} ms were missing at ${seconds(from)}, the ledger says ${Math.round(toldMs)} ms`,
      );
    const cutters = lane.faults.filter(({ kind }) => kindOf(kind).cutsWords).length;
    const cut =
      lane.verdict.cut.length > cutters
        ? [
            `${where}: ${lane.verdict.cut.map(({ text }) => text).join(", ")} were cut in two, with ${cutters} faults that may`,
          ]
        : [];
    return [...misfortunes, ...cut, ...gaps, ...lane.troubles.map((trouble) => `${where}: ${trouble}`)];
  });
}

function span({ fromMs, overMs, liveAgainMs }: Suffered): string {
  return `${seconds(fromMs)} to ${seconds(overMs)}, live again ${liveAgainMs === null ? "never" : `${liveAgainMs} ms later`}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function liveAgain(faults: readonly Suffered[]): Quantiles {
  const times = faults.flatMap(({ liveAgainMs }) => liveAgainMs ?? []).toSorted((a, b) => a - b);
  return { p50: times[Math.floor((times.length - 1) / 2)] ?? null, max: times.at(-1) ?? null };
}

function count(misfortunes: readonly Misfortune[], what: Misfortune["what"]): number {
  return misfortunes.filter((each) => each.what === what).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
