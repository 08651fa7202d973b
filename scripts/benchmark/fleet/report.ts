import { type Origin, recordOn } from "../pages.ts";
import type { FleetResult } from "./run.ts";

const page = new URL("../../../docs/performance-fleet.md", import.meta.url);

/** The result for programs: the last line of `--json`. */
export function summaryLine(result: FleetResult): string {
  return JSON.stringify({
    devices: result.devices,
    alarm_latency_ms: { p50: rounded(result.p50Ms), p99: rounded(result.p99Ms) },
    console_rss_mb: rounded(result.consoleMegabytes),
    broker_cpu_percent: rounded(result.brokerCpuPercent),
    reconnects_per_second_max: Math.max(0, ...result.attempts),
  });
}

/** The result for people. */
export function chapter(result: FleetResult): string {
  const { devices, attempts } = result;
  const each = (megabytes: number) => `${((megabytes * 1024) / devices).toFixed(1)} kB`;
  const rows = [
    [
      "alarm latency, publication to the page's events, p50 / p99",
      `${result.p50Ms} / ${result.p99Ms} ms (${result.alarms} of ${result.raised} alarms)`,
    ],
    [
      "broker: CPU (of one core)",
      `${result.brokerCpuPercent.toFixed(1)} %, ${(result.brokerCpuPercent / devices).toFixed(5)} % a device`,
    ],
    ["broker: most memory", `${result.brokerMegabytes.toFixed(0)} MB, ${each(result.brokerMegabytes)} a device`],
    ["console with one page open: CPU (of one core)", `${result.consoleCpuPercent.toFixed(1)} %`],
    [
      "console: most memory, storm and restart included",
      `${result.consoleMegabytes.toFixed(0)} MB, ${each(result.consoleMegabytes)} a device`,
    ],
    [
      "all lose the service: until the console shows them all, as one outage",
      `${(result.stormMs / 1000).toFixed(1)} s: "${result.outage}"`,
    ],
    [
      `broker killed, away for ${result.downSeconds} s: most tries to connect in a second meanwhile`,
      `${result.attemptsWhileDown}`,
    ],
    ["after its restart: most tries to connect in a second", `${Math.max(0, ...attempts)}`],
    ["after its restart: until every device is back, and every alarm known", `${(result.backMs / 1000).toFixed(1)} s`],
  ];
  return [
    `${devices} devices, ${result.seconds} s of operation (state, metrics each minute, 20 alarms a second):`,
    "",
    "| | |",
    "| --- | --- |",
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    "",
    `Tries to connect in each second after the restart: ${attempts.slice(0, 30).join(", ")}${attempts.length > 30 ? " …" : "."}`,
  ].join("\n");
}

/** Puts the result between its marks in docs/performance-fleet.md. @param origin how it was got */
export function record(origin: Origin, result: FleetResult): void {
  recordOn(page, "fleet", origin, chapter(result));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
