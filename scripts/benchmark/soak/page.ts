import type { Outcome, Trend } from "./outcome.ts";
import { isFlat, type Slope } from "./slope.ts";

/** The result for programs: the last line of `--json`. */
export function soakLine({ summary, trends, rssSlopes, perSecond, ...others }: Outcome): string {
  return JSON.stringify({
    hours: rounded(others.hours),
    warm_up_hours: rounded(others.warmUpHours),
    agents: others.agents,
    faults: summary.faults,
    sessions: others.sessions,
    words: summary.words,
    lost: summary.lost,
    doubled: summary.doubled,
    trends: Object.fromEntries(trends.map((trend) => [trend.measure, figuresOf(trend)])),
    rss_flat_agents: rssSlopes.filter(isFlat).length,
    log_bytes_per_hour: Math.round(others.logBytesPerHour),
    per_second_of_sound: {
      events: rounded(perSecond.events),
      loop_turns: rounded(perSecond.loops),
      allocated_bytes: Math.round(perSecond.allocatedBytes),
      collections: rounded(perSecond.collections),
      collecting_ms: rounded(perSecond.pausedMs),
      loop_busy: rounded(perSecond.busy),
    },
  });
}

/** The result for people, in Markdown. */
export function soakPage({ summary, trends, rssSlopes, perSecond, ...others }: Outcome): string {
  const flat = rssSlopes.filter(isFlat).length;
  return [
    `${others.agents} agents under faults and one without, ${hours(others.hours)} each after ${hours(others.warmUpHours)} of warm-up: ${summary.faults} faults,` +
      ` ${others.sessions} sessions, ${summary.words} words, ${summary.lost} lost, ${summary.doubled} doubled.`,
    "",
    "| of one process, mean over all | in the beginning | in the end | grows in an hour by | 95 % interval | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...trends.map(row),
    "",
    `Taken each by itself, resident memory is flat in ${flat} of ${others.agents} processes: ${rssSlopes.map(interval).join("; ")} MB an hour.`,
    "",
    `Log: ${(others.logBytesPerHour / 1000).toFixed(0)} kB an hour, faults included.`,
    "",
    "| a second of sound, without faults | |",
    "| --- | --- |",
    `| turns of the event loop | ${perSecond.loops.toFixed(1)} |`,
    `| events in them | ${perSecond.events.toFixed(1)} |`,
    `| put on V8's heap | ${(perSecond.allocatedBytes / 1000).toFixed(1)} kB |`,
    `| collections | ${perSecond.collections.toFixed(3)}, ${perSecond.pausedMs.toFixed(2)} ms |`,
    `| the loop is busy | ${(perSecond.busy * 1000).toFixed(1)} ms |`,
  ].join("\n");
}

function row({ measure, first, last, slope, grown, flat }: Trend): string {
  const cells = [
    measure,
    first.toFixed(1),
    last.toFixed(1),
    signed(slope.perHour),
    `${signed(slope.low)} to ${signed(slope.high)}`,
  ];
  const alone = grown.length === 0 ? "" : `: agent ${grown.join(", ")} by itself`;
  return `| ${cells.join(" | ")} | ${flat ? "flat: not distinguishable from 0" : `not flat${alone}`} |`;
}

function figuresOf({ first, last, slope, grown, flat }: Trend) {
  const { perHour, low, high } = slope;
  return {
    first: rounded(first),
    last: rounded(last),
    per_hour: rounded(perHour),
    low: rounded(low),
    high: rounded(high),
    grown_agents: grown,
    flat,
  };
}

function interval({ low, high }: Slope): string {
  return `${signed(low)} to ${signed(high)}`;
}

function hours(value: number): string {
  return value >= 1 ? `${value.toFixed(1)} h` : `${(value * 60).toFixed(0)} min`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
