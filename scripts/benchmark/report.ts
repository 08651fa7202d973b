import { type Origin, recordOn } from "./pages.ts";
import type { Figures, Result } from "./stream.ts";

const page = new URL("../../docs/performance.md", import.meta.url);

/** The result for programs: the last line of `--json`. */
export function summaryLine(result: Result): string {
  return JSON.stringify({
    cpu_ratio: rounded(result.cpuRatio),
    rss_ratio: rounded(result.rssRatio),
    added_latency_ms: { p50: rounded(result.addedP50Ms), p99: rounded(result.addedP99Ms) },
    disk_always_cpu_ratio: rounded(result.diskCpuRatio),
  });
}

/** The results for people: a table for each number of streams. */
export function performancePage(results: readonly Result[]): string {
  return results.map(chapter).join("\n\n");
}

/** Puts the results between their marks in docs/performance.md. @param origin how they were got */
export function recordResults(origin: Origin, results: readonly Result[]): void {
  recordOn(page, "stream", origin, performancePage(results));
}

function chapter(result: Result): string {
  const { bare, agent, "agent-disk": disk } = result.figures;
  const of = result.streams === 1 ? "One stream" : `${result.streams} streams of each kind at once, a process each`;
  const rounds = result.rounds === 1 ? "one round" : `medians of ${result.rounds} rounds`;
  const added = `${signed(result.addedP50Ms)} / ${signed(result.addedP99Ms)}`;
  return [
    `${of}; ${rounds} of ${result.seconds} s, ${result.rounds === 1 ? "" : "each "}after ${result.warmUpSeconds} s of warm-up:`,
    "",
    "| | CPU, ms a second of sound | by the bare sender's | peak RSS, MB | by the bare sender's | latency, ms: p50 / p99 | added |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    row("bare sender", bare, "", "", ""),
    row("agent", agent, times(result.cpuRatio), times(result.rssRatio), added),
    row('agent, `disk = "always"`', disk, times(result.diskCpuRatio), times(disk.megabytes / bare.megabytes), ""),
  ].join("\n");
}

function row(name: string, figures: Figures, cpuRatio: string, rssRatio: string, added: string): string {
  const latency = `${figures.p50Ms.toFixed(2)} / ${figures.p99Ms.toFixed(2)}`;
  return `| ${[name, figures.cpuMs.toFixed(2), cpuRatio, figures.megabytes.toFixed(0), rssRatio, latency, added].join(" | ")} |`;
}

function signed(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${Math.abs(ms).toFixed(2)}`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
