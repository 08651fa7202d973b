import { printable } from "../base/fault.ts";
import { severityNames } from "./device.ts";
import type { Outage } from "./outages.ts";
import type { Glance, Row } from "./wire.ts";

// The fleet as a terminal shows it. Pure: what is known in, lines out.

/**
 * The fleet in so many lines of so many columns: counts, outages, then the first of the rows, which come with the worst
 * first.
 */
export function fleetTable(glance: Glance, rows: readonly Row[], lines: number, columns: number): readonly string[] {
  const head = [summaryLine(glance), ...glance.outages.slice(0, 5).map(outageLine)];
  const widths = [Math.max(6, Math.min(28, longest(rows))), 12, 9, 8] as const;
  const title = columnsOf(["DEVICE", "PHASE", "SEVERITY", "FOR", "ALARMS"], widths);
  const room = Math.max(1, lines - head.length - 2);
  const shown = rows.slice(0, room).map((row) => columnsOf(cellsOf(row, glance.nowMs), widths));
  const more = rows.length > room ? [`… and ${rows.length - room} more`] : [];
  return [...head, title, ...shown, ...more].map((line) => line.slice(0, columns));
}

/** The fleet in one line. */
export function summaryLine({ devices, phases, alarms, broker, refused, mostDevices }: Glance): string {
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  const full = refused["too-many-devices"] === undefined ? "" : ` (more than ${mostDevices}: the rest is not shown)`;
  const state = broker.connected ? "" : ` · NO BROKER: ${printable(broker.trouble)}`;
  return `${devices} devices${full}: ${counts(phases) || "none"} · alarms: ${counts(alarms) || "none"}${state}`;
}

/** A trouble that many devices have in common, in one line. */
export function outageLine({ text }: Outage): string {
  return `! ${printable(text)}`;
}

/** A device in one line, for a log. */
export function rowLine(row: Row): string {
  const alarms = row.al.map(([type, code]) => `${type} ${code}`).join(", ");
  return printable(`${row.d}: ${row.phase}${alarms === "" ? "" : ` · ${alarms}`}`, 300);
}

function cellsOf(row: Row, nowMs: number): readonly string[] {
  const alarms = row.al.map(([type, code]) => `${type} ${code}`).join(", ");
  const age = row.since === 0 ? "" : duration(Math.max(0, nowMs - row.since));
  return [row.d, row.phase, severityNames[row.sev - 1] ?? "", age, alarms].map((cell) => printable(cell, 120));
}

function columnsOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => {
      const width = widths[index];
      return width === undefined ? cell : cell.slice(0, width).padEnd(width);
    })
    .join("  ")
    .trimEnd();
}

function longest(rows: readonly Row[]): number {
  return rows.reduce((most, { d }) => Math.max(most, d.length), 0);
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
