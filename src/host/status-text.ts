import { printable } from "../base/fault.ts";

/** What a person who asks `systemctl status` wants to know. */
export interface Condition {
  /** The device's phase, and why it is in it. */
  readonly phase: string;
  readonly reason: string;
  /** Active alarms by type, with their severities. */
  readonly alarms: ReadonlyMap<string, string>;
  /** Sound that waits to be sent. */
  readonly backlogMs: number;
}

/** Phases in which all is as it should be: they need no reason. */
const wellPhases: ReadonlySet<string> = new Set(["streaming", "listening"]);
/** Less than this is on its way, not late. */
const smallestBacklogMs = 2000;

/** One line: `backing-off: the service answers 503; 40 s of sound wait; alarm: service (major)`. */
export function statusText({ phase, reason, alarms, backlogMs }: Condition): string {
  const parts = [wellPhases.has(phase) || reason === "" ? phase : `${phase}: ${printable(reason, 120)}`];
  if (backlogMs >= smallestBacklogMs) parts.push(`${Math.round(backlogMs / 1000)} s of sound wait`);
  const active = [...alarms].map(([type, severity]) => `${type} (${severity})`);
  if (active.length > 0) parts.push(`${active.length === 1 ? "alarm" : "alarms"}: ${active.join(", ")}`);
  return printable(parts.join("; "), 400);
}
