import type { FleetMessage } from "../fleet/fleet.ts";
import type { LampPhase, Lamps } from "./messages.ts";

/** What is known of the device, as far as a panel shows it. */
export interface Display {
  readonly phase: LampPhase;
  readonly reason: string;
  /** Active alarms by their topic. */
  readonly alarms: ReadonlyMap<string, { readonly severity: string; readonly message: string }>;
  /** Loudness of the latest sound, dB relative to full scale; null: none comes. */
  readonly levelDbfs: number | null;
}

export const darkDisplay: Display = { phase: "starting", reason: "", alarms: new Map(), levelDbfs: null };

const severities: Readonly<Record<string, Lamps["severity"]>> = { warning: 1, minor: 2, major: 3, critical: 4 };

/** The display after the fleet was told something; the same object where it shows nothing of it. */
export function displayAfter(display: Display, { topic, payload }: FleetMessage): Display {
  if ("phase" in payload) return { ...display, phase: payload.phase, reason: payload.reason };
  if (!("severity" in payload)) return display;
  const alarms = new Map(display.alarms);
  if (payload.status === "cleared") alarms.delete(topic);
  else alarms.set(topic, { severity: payload.severity, message: payload.message });
  return { ...display, alarms };
}

export function lampsOf(display: Display): Lamps {
  const { phase, levelDbfs } = display;
  return { phase, severity: worstOf(display)?.severity ?? 0, level: phase === "muted" ? 0 : bars(levelDbfs) };
}

/** One line: the worst alarm, or what the device is doing. */
export function textOf(display: Display): string {
  const worst = worstOf(display);
  if (worst !== null && display.phase !== "muted") return worst.message;
  // Whoever presses the mute key in vain is to see why.
  const muted = display.phase === "muted" && !display.reason.startsWith("stopped");
  const wellKnown = display.phase === "listening" || display.phase === "streaming" || muted;
  return wellKnown || display.reason === "" ? display.phase : `${display.phase}: ${display.reason}`;
}

/** What a self-test tells: the sound of a moment ago, the service, how many alarms. */
export function selfTestText({ phase, levelDbfs, alarms }: Display): string {
  const sound = levelDbfs === null ? "no sound" : `${Math.round(levelDbfs)}dB`;
  return `${alarms.size === 0 ? "ok" : `${alarms.size} alarm${alarms.size === 1 ? "" : "s"}`} ${sound} ${phase}`;
}

function worstOf({ alarms }: Display): { readonly severity: Lamps["severity"]; readonly message: string } | null {
  let worst: { readonly severity: Lamps["severity"]; readonly message: string } | null = null;
  for (const { severity, message } of alarms.values()) {
    const rank = severities[severity] ?? 1;
    if (worst === null || rank > worst.severity) worst = { severity: rank, message };
  }
  return worst;
}

/** −60 dBFS and less: none; then a bar for each 6 dB. */
function bars(levelDbfs: number | null): number {
  return levelDbfs === null ? 0 : Math.max(0, Math.min(9, Math.floor((levelDbfs + 60) / 6)));
}
