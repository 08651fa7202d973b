import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
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

/** What the figures were measured on. */
export function machineLine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const load = loadavg()[0]?.toFixed(1) ?? "";
  return `${cpu?.model.trim() ?? "unknown CPU"}, ${availableParallelism()} CPUs, ${memory}, ${platform()} ${release()}, Node ${process.versions.node}, load ${load} before`;
}

/** Puts the results between their marks in docs/performance.md. @param command how they were got */
export function recordResults(command: string, results: readonly Result[]): void {
  recordBetween(page, "scripts/bench stream", machineLine(), performancePage(results), command);
}

/**
 * Puts what was measured between its marks in a page of the documentation.
 * @param benchmark the marks name it
 * @param machine what it was measured on
 * @param command how it was got; absent: as this process was called
 */
export function recordBetween(
  file: URL,
  benchmark: string,
  machine: string,
  results: string,
  command = `${benchmark} ${process.argv.slice(2).join(" ")}`,
): void {
  const text = readFileSync(file, "utf8");
  const marks = { begin: `<!-- ${benchmark}: begin -->`, end: `<!-- ${benchmark}: end -->` };
  const [before, rest] = text.split(marks.begin);
  const [, after] = rest?.split(marks.end) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${file.pathname} has lost its marks`);
  const date = new Date().toISOString().slice(0, 10);
  const body = `\n\n\`${command.trim()}\`, ${date}, on ${machine}.\n\n${results}\n\n`;
  writeFileSync(file, `${before}${marks.begin}${body}${marks.end}${after}`);
}

function chapter(result: Result): string {
  const { bare, agent, "agent-disk": disk } = result.figures;
  const of = result.streams === 1 ? "One stream" : `${result.streams} streams of each kind at once, a process each`;
  const added = `${signed(result.addedP50Ms)} / ${signed(result.addedP99Ms)}`;
  return [
    `${of}; medians of ${result.rounds} rounds of ${result.seconds} s, each after ${result.warmUpSeconds} s of warm-up:`,
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
