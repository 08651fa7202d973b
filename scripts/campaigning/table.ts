import type { LaneResult } from "./lane.ts";
import type { KindRow, Summary } from "./summary.ts";

const titles = ["fault", "times", "lost", "doubled", "live again ms: p50", "max"] as const;

/** The campaign's outcome for people: a row a kind, a row for all, and the ledger. */
export function table(rows: readonly KindRow[], summary: Summary, lanes: readonly LaneResult[]): string {
  const { faults, lost, doubled, live_again_ms, ledger } = summary;
  const cells = [...rows, { kind: "all", times: faults, lost, doubled, liveAgainMs: live_again_ms }].map((row) =>
    [row.kind, row.times, row.lost, row.doubled, row.liveAgainMs.p50 ?? "-", row.liveAgainMs.max ?? "-"].map(String),
  );
  const widths = titles.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  const ruler = widths.map((width) => "-".repeat(width)).join("  ");
  const gaps = lanes.flatMap((lane) => lane.gaps);
  const trueMs = gaps.reduce((sum, gap) => sum + gap.trueMs, 0);
  const toldMs = gaps.reduce((sum, gap) => sum + gap.toldMs, 0);
  const repeats = lanes.reduce((sum, { verdict }) => sum + verdict.repeats, 0);
  const cut = lanes.reduce((sum, { verdict }) => sum + verdict.cut.length, 0);
  return [
    line(titles),
    ruler,
    ...cells.slice(0, -1).map(line),
    ruler,
    line(cells.at(-1) ?? []),
    "",
    `words said: ${summary.words}, ${cut} of them cut in two by the service; transcripts that came again under their id: ${repeats}`,
    `ledger: captured ${ledger.captured_ms} ms, acknowledged ${ledger.acknowledged_ms} ms, lost ${ledger.lost_ms} ms`,
    `not captured while the recorder was away: ${Math.round(trueMs)} ms in ${gaps.length} gaps, the ledger says ${Math.round(toldMs)} ms`,
    "",
  ].join("\n");
}
