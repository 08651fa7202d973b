import { writeFileSync } from "node:fs";
import { recordOn } from "../pages.ts";
import type { FaultName } from "./faults.ts";
import { plot } from "./plot.ts";
import type { ClientResult, PeersResult } from "./run.ts";
import type { Outcome } from "./scene.ts";

const page = new URL("../../../docs/performance-peers.md", import.meta.url);
const picture = new URL("../../../docs/performance-peers.svg", import.meta.url);
const yardstick = "bare-ws";

/** The result for programs: the last line of `--json`. */
export function summaryLine({ clients }: PeersResult): string {
  const summary: Record<string, object> = {};
  for (const { name, cpuMsPerSecond, megabytes, outcomes } of clients) {
    const faults: Partial<Record<FaultName, object>> = {};
    for (const [fault, { lost, doubled, attempts }] of outcomes) faults[fault] = { lost, doubled, attempts };
    summary[name] = { cpu_ms_per_s: rounded(cpuMsPerSecond), rss_mb: rounded(megabytes), faults };
  }
  return JSON.stringify({ clients: summary });
}

/** The result for people. */
export function chapter(result: PeersResult): string {
  const { clients, measure, sideBySide } = result;
  const how = sideBySide ? "all at the same time, each with clients of its own" : "one after the other";
  const chapters = [
    `${clients.map(({ name, title }) => `\`${name}\`: ${title}`).join("; ")}. Faults: ${how}.`,
    ...(result.faults.includes("none") ? [costs(result)] : []),
    table(
      "Words lost, and doubled",
      result,
      ({ lost, doubled }) => (doubled === 0 ? `${lost}` : `${lost}, +${doubled}`),
      [["*words spoken*", (fault) => String(clients[0]?.outcomes.get(fault)?.spoken ?? "")]],
    ),
    table("Seconds from the fault's end until words come back promptly", result, ({ liveMs }) =>
      liveMs === null ? "never" : (liveMs / 1000).toFixed(1),
    ),
    table("Attempts to connect, from the fault's beginning on", result, ({ attempts }) => String(attempts)),
    table("Most bytes in a connection that the far end had not taken, kB", result, ({ mostUnread }) =>
      (mostUnread / 1000).toFixed(0),
    ),
    table("Peak RSS, MB", result, ({ megabytes }) => megabytes.toFixed(0)),
  ];
  const torn = clients.flatMap(({ name, outcomes }) =>
    [...outcomes].filter(([, { pieces }]) => pieces > 0).map(([fault, { pieces }]) => `${name}, ${fault}: ${pieces}`),
  );
  if (torn.length > 0) chapters.push(`Heard beside the words, pieces of words: ${torn.join("; ")}.`);
  if (result.faults.includes("none"))
    chapters.push(`CPU and its RSS are of ${measure.seconds} s after ${measure.warmUpSeconds} s of warm-up.`);
  return chapters.join("\n\n");
}

/** Puts the result, and its picture, into docs/. @param command how it was got */
export function record(command: string, result: PeersResult): void {
  recordOn(page, "peers", command, chapter(result));
  writeFileSync(picture, plot(result));
}

function costs({ clients }: PeersResult): string {
  const bare = clients.find(({ name }) => name === yardstick);
  const ratio = (value: number | null, of: number | null | undefined) =>
    value === null || of === null || of === undefined ? "" : `${(value / of).toFixed(2)} ×`;
  const row = ({ name, cpuMsPerSecond: cpu, megabytes }: ClientResult) =>
    `| ${[
      name,
      cpu?.toFixed(2) ?? "",
      ratio(cpu, bare?.cpuMsPerSecond),
      megabytes?.toFixed(0) ?? "",
      ratio(megabytes, bare?.megabytes),
    ].join(" | ")} |`;
  return [
    `| nothing goes wrong | CPU, ms a second of sound | by ${yardstick}'s | peak RSS, MB | by ${yardstick}'s |`,
    "| --- | --- | --- | --- | --- |",
    ...clients.map(row),
  ].join("\n");
}

/** A table with a row a client and a column a fault. */
function table(
  title: string,
  { clients, faults }: PeersResult,
  cell: (outcome: Outcome) => string,
  more: readonly (readonly [string, (fault: FaultName) => string])[] = [],
): string {
  const row = (name: string, cells: readonly string[]) => `| ${[name, ...cells].join(" | ")} |`;
  const cellOf = ({ outcomes }: ClientResult, fault: FaultName) => {
    const outcome = outcomes.get(fault);
    return outcome === undefined ? "" : cell(outcome);
  };
  return [
    row(title, faults),
    row(
      "---",
      faults.map(() => "---"),
    ),
    ...clients.map((client) =>
      row(
        client.name,
        faults.map((fault) => cellOf(client, fault)),
      ),
    ),
    ...more.map(([name, of]) => row(name, faults.map(of))),
  ].join("\n");
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
