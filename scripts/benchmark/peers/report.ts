import { writeFileSync } from "node:fs";
import { type Origin, recordOn } from "../pages.ts";
import { type FaultName, faults } from "./faults.ts";
import { plot } from "./plot.ts";
import type { ClientResult, PeersResult } from "./run.ts";
import type { Outcome } from "./scene.ts";

const page = new URL("../../../docs/performance-peers.md", import.meta.url);
const picture = new URL("../../../docs/performance-peers.svg", import.meta.url);
const yardstick = "bare-ws";

/** The result for programs: the last line of `--json`. */
export function summaryLine({ clients }: PeersResult): string {
  const summary: Record<string, object> = {};
  for (const { name, cpuMsPerSecond, outcomes } of clients) {
    const of: Partial<Record<FaultName, object>> = {};
    for (const [fault, { lost, doubled, attempts }] of outcomes) of[fault] = { lost, doubled, attempts };
    const megabytes = outcomes.get("none")?.megabytes ?? null;
    summary[name] = { cpu_ms_per_s: rounded(mean(cpuMsPerSecond)), rss_mb: rounded(megabytes), faults: of };
  }
  return JSON.stringify({ clients: summary });
}

/** The result for people. */
export function chapter(result: PeersResult): string {
  const { clients, measure, sideBySide } = result;
  const all = result.faults;
  const struck = all.filter((fault) => fault !== "none");
  const how = sideBySide ? "all at the same time, each with clients of its own" : "one after the other";
  const spoken = (fault: FaultName) => String(clients[0]?.outcomes.get(fault)?.spoken ?? "");
  const words = ({ lost, doubled }: Outcome) => (doubled === 0 ? `${lost}` : `${lost}, +${doubled}`);
  const seconds = ({ liveMs }: Outcome) => (liveMs === null ? "never" : (liveMs / 1000).toFixed(1));
  const kilobytes = ({ mostUnread }: Outcome) => (mostUnread / 1000).toFixed(0);
  const torn = clients.flatMap(({ name, outcomes }) =>
    [...outcomes].filter(([, { pieces }]) => pieces > 0).map(([fault, { pieces }]) => `${name}, ${fault}: ${pieces}`),
  );
  const ofStruck = [
    table("Seconds from the fault's end until words come back promptly", clients, struck, seconds),
    table("Attempts to connect, from the fault's beginning on", clients, struck, ({ attempts }) => String(attempts)),
    table("Most bytes in a connection that the far end had not taken, kB", clients, struck, kilobytes),
  ];
  return [
    `${clients.map(({ name, title }) => `\`${name}\`: ${title}`).join("; ")}. Faults ${how}:`,
    ...(struck.length === 0 ? [] : [struck.map((fault) => `- \`${fault}\`: ${faults[fault].means}`).join("\n")]),
    ...(all.includes("none") ? [costs(result)] : []),
    `${table("Words lost, and doubled", clients, all, words)}\n${row("*words spoken*", all.map(spoken))}`,
    ...(torn.length === 0 ? [] : [`Heard beside the words, pieces of words: ${torn.join("; ")}.`]),
    ...(struck.length === 0 ? [] : ofStruck),
    table("Peak RSS, MB", clients, all, ({ megabytes }) => megabytes.toFixed(0)),
    ...(all.includes("none")
      ? [
          `CPU is of ${measure.seconds} s after ${measure.warmUpSeconds} s of warm-up, without a fault. It and the memory there are means over all processes of a client.`,
        ]
      : []),
  ].join("\n\n");
}

/** Puts the result, and its picture, into docs/. @param origin how it was got */
export function record(origin: Origin, result: PeersResult): void {
  recordOn(page, "peers", origin, chapter(result));
  writeFileSync(picture, plot(result));
}

function costs({ clients }: PeersResult): string {
  const bare = clients.find(({ name }) => name === yardstick);
  const ratio = (of: (client: ClientResult) => number | null, client: ClientResult) => {
    const [value, measure] = [of(client), bare === undefined ? null : of(bare)];
    return value === null || measure === null ? "" : `${(value / measure).toFixed(2)} ×`;
  };
  const cpu = ({ cpuMsPerSecond }: ClientResult) => mean(cpuMsPerSecond);
  const memory = ({ outcomes }: ClientResult) => outcomes.get("none")?.megabytes ?? null;
  const rowOf = (client: ClientResult) =>
    row(client.name, [
      cpu(client)?.toFixed(2) ?? "",
      client.cpuMsPerSecond.map((each) => each.toFixed(2)).join(", "),
      ratio(cpu, client),
      memory(client)?.toFixed(0) ?? "",
      ratio(memory, client),
    ]);
  return [
    `| nothing goes wrong | CPU, ms a second of sound | each process | by ${yardstick}'s | peak RSS, MB | by ${yardstick}'s |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...clients.map(rowOf),
  ].join("\n");
}

/** A table with a row a client and a column a fault. */
function table(
  title: string,
  clients: readonly ClientResult[],
  columns: readonly FaultName[],
  cell: (outcome: Outcome) => string,
): string {
  const cellOf = ({ outcomes }: ClientResult, fault: FaultName) => {
    const outcome = outcomes.get(fault);
    return outcome === undefined ? "" : cell(outcome);
  };
  const divider = row(
    "---",
    columns.map(() => "---"),
  );
  const rows = clients.map((client) =>
    row(
      client.name,
      columns.map((fault) => cellOf(client, fault)),
    ),
  );
  return [row(title, columns), divider, ...rows].join("\n");
}

function row(name: string, cells: readonly string[]): string {
  return `| ${[name, ...cells].join(" | ")} |`;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
