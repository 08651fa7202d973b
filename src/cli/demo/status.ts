import { silenceDbfs } from "../../audio/level.ts";
import { count, duration, minutes } from "./format.ts";
import { cut, type Span, span, type Tone, widthOf } from "./line.ts";
import type { Progress } from "./progress.ts";
import type { StatusArea } from "./screen.ts";

/** What the status area shows. Times are monotonic. */
export interface View {
  readonly progress: Progress;
  /** Words said so far; null: not known. */
  readonly said: number | null;
  readonly nowMs: number;
  /** When recognition began; null: it has not. */
  readonly startMs: number | null;
  /** How long the story is. */
  readonly endMs: number;
}

/** Draws what `look` gives, with a level that falls slowly enough for the eye. */
export function statusArea(look: () => View): StatusArea {
  let drawnMs: number | null = null;
  let levelDbfs = silenceDbfs;
  return (columns) => {
    const view = look();
    levelDbfs = shownLevel(levelDbfs, view.progress.level.rmsDbfs, view.nowMs - (drawnMs ?? view.nowMs));
    drawnMs = view.nowMs;
    return statusRows(view, levelDbfs, columns);
  };
}

const phases: Readonly<Record<Progress["phase"], { readonly lamp: string; readonly tone: Tone }>> = {
  starting: { lamp: "○", tone: "quiet" },
  listening: { lamp: "○", tone: "quiet" },
  streaming: { lamp: "●", tone: "good" },
  "backing-off": { lamp: "◌", tone: "warning" },
  held: { lamp: "■", tone: "bad" },
  stopped: { lamp: "○", tone: "quiet" },
};

/** The area below the lines: always three rows, none wider than `columns`. */
export function statusRows(view: View, levelDbfs: number, columns: number): readonly (readonly Span[])[] {
  return [rule(view, columns), stateRow(view), soundRow(view, levelDbfs)].map((row) => cut(row, columns));
}

function rule({ progress, startMs, nowMs, endMs }: View, columns: number): readonly Span[] {
  const active = [...progress.raised].filter((id) => !progress.cleared.has(id)).length;
  const alarm = span(active === 0 ? "" : ` ▲ ${count(active, "alarm")} `, "bad");
  const time = span(startMs === null ? "" : ` ${minutes(nowMs - startMs)} of ${minutes(endMs)} `);
  const edge = span("──", "quiet");
  const middle = "─".repeat(Math.max(0, columns - widthOf([edge, alarm, time, edge])));
  return [edge, alarm, span(middle, "quiet"), time, edge];
}

function stateRow({ progress, nowMs }: View): readonly Span[] {
  const { lamp, tone } = phases[progress.phase];
  const state = [span(` ${lamp} `, tone), span(progress.phase.padEnd(12), tone)];
  const { wait, reason } = progress;
  if (wait === null) return [...state, span(reason, "quiet")];
  const leftMs = Math.max(0, wait.untilMs - nowMs);
  const share = wait.untilMs > wait.fromMs ? leftMs / (wait.untilMs - wait.fromMs) : 0;
  const next = leftMs > 0 ? `next attempt in ${(leftMs / 1000).toFixed(1)} s` : "trying now";
  return [...state, span(next.padEnd(22), tone), ...bar(share, 16, tone), span(` ${reason}`, "quiet")];
}

const quietestDbfs = -60;

function soundRow({ progress, said }: View, levelDbfs: number): readonly Span[] {
  if (progress.fault !== null) return [span(" ✕ no sound: ", "bad"), span(progress.fault.message)];
  const share = Math.min(1, Math.max(0, 1 - levelDbfs / quietestDbfs));
  const level = levelDbfs > quietestDbfs ? `${Math.round(levelDbfs)} dBFS` : "silence";
  const waiting = said === null ? 0 : Math.max(0, said - progress.words.length);
  return [
    span(" sound  "),
    ...bar(share, 20, levelDbfs > -3 ? "bad" : "good"),
    span(` ${level.padEnd(9)}`),
    span(said === null ? "" : ` said ${said} ·`),
    span(` heard ${progress.words.length}`, "strong"),
    span(waiting > 1 ? ` · ${count(waiting, "word")} wait in the agent` : "", "warning"),
    span(progress.lostMs > 0 ? ` · ${duration(progress.lostMs)} lost` : "", "bad"),
  ];
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

function bar(share: number, width: number, tone: Tone): readonly Span[] {
  const filled = Math.round(share * width * 8);
  const body = "█".repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? "");
  return [span("▕", "quiet"), span(body.padEnd(width), tone), span("▏", "quiet")];
}

const fallDbPerSecond = 40;

/** The level to show after `passedMs`: at once where it rises, gently where it falls. */
export function shownLevel(shownDbfs: number, actualDbfs: number, passedMs: number): number {
  return Math.max(actualDbfs, shownDbfs - (fallDbPerSecond * passedMs) / 1000);
}
