import type { Level } from "../audio/level.ts";
import type { Ledger } from "../audio/log.ts";
import type { Report } from "../recognition/report.ts";
import { timestamp } from "./payloads.ts";
import type { DeliveryCounts } from "./publisher.ts";
import type { MetricsPayload } from "./schema-metrics.ts";

// What the last minute was like: the difference of two measurements, and what was reported between them. Pure.

/** What the agent measures, as it stands at this moment. */
export interface Measurement {
  readonly ledger: Ledger;
  /** Since the start. */
  readonly sentMs: number;
  /** Of that: what had been sent before. */
  readonly replayedMs: number;
  /** Of the sound since the last measurement; null: there was none. */
  readonly level: (Level & { readonly clippedRatio: number }) | null;
  /** Processor time of this process since its start. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly diskFreeBytes: number | null;
  readonly temperatureC: number | null;
}

/** What was reported since the last measurement. */
export interface Tallies {
  readonly sessions: number;
  readonly errors: number;
  /** From the end of speech to its final text, ms; the latest ones. */
  readonly latencies: readonly number[];
}

export const noTallies: Tallies = { sessions: 0, errors: 0, latencies: [] };

const mostLatencies = 1_000;
const longestLatencyMs = 24 * 3_600_000;

export function tallied(before: Tallies, report: Report, nowMs: number): Tallies {
  switch (report.type) {
    case "error":
      return { ...before, errors: before.errors + 1 };
    case "session":
      return report.change === "started" ? { ...before, sessions: before.sessions + 1 } : before;
    case "transcript": {
      const { final, endMs } = report.transcript;
      if (!final) return before;
      const latencyMs = nowMs - endMs;
      // The clock was set meanwhile.
      if (latencyMs < 0 || latencyMs > longestLatencyMs) return before;
      return { ...before, latencies: [...before.latencies, latencyMs].slice(-mostLatencies) };
    }
    case "phase":
    case "healthy":
    case "gap":
      return before;
  }
}

/** A measurement, and when it was taken (monotonic). */
export interface Mark {
  readonly atMs: number;
  readonly measurement: Measurement;
  readonly delivery: DeliveryCounts;
}

/** The payload of the time between two marks. */
export function metricsPayload(
  from: Mark,
  to: Mark,
  between: Tallies & { readonly alarmsActive: number },
  nowMs: number,
): MetricsPayload {
  const [before, after] = [from.measurement, to.measurement];
  const windowMs = Math.max(1, to.atMs - from.atMs);
  const grown = (value: (measurement: Measurement) => number) => rounded(Math.max(0, value(after) - value(before)));
  const { ledger, level } = after;
  return {
    v: 1,
    ts: timestamp(nowMs),
    window_s: rounded(windowMs / 1000),
    audio: {
      captured_ms: grown((each) => each.ledger.capturedMs),
      sent_ms: grown((each) => each.sentMs),
      acknowledged_ms: grown((each) => each.ledger.acknowledgedMs),
      replayed_ms: grown((each) => each.replayedMs),
      lost_ms: grown((each) => each.ledger.lostMs),
      missed_ms: grown((each) => each.ledger.missedMs),
    },
    backlog_ms: rounded(Math.max(0, ledger.pendingMs)),
    ledger: {
      captured_ms: rounded(ledger.capturedMs),
      acknowledged_ms: rounded(ledger.acknowledgedMs),
      pending_ms: rounded(Math.max(0, ledger.pendingMs)),
      lost_ms: rounded(ledger.lostMs),
      missed_ms: rounded(ledger.missedMs),
      withheld_ms: rounded(ledger.withheldMs),
      muted_ms: rounded(ledger.mutedMs),
      speaking_ms: rounded(ledger.speakingMs),
    },
    level:
      level === null
        ? null
        : { rms_dbfs: rounded(level.rmsDbfs), peak_dbfs: rounded(level.peakDbfs), clipped_ratio: level.clippedRatio },
    latency_ms: latency(between.latencies),
    sessions: between.sessions,
    errors: between.errors,
    alarms_active: between.alarmsActive,
    mqtt: {
      reconnects: to.delivery.reconnects - from.delivery.reconnects,
      waiting: to.delivery.waiting,
      dropped: to.delivery.dropped,
      unheard: to.delivery.unheard,
    },
    cpu_percent: rounded((grown((each) => each.cpuMs) / windowMs) * 100),
    rss_bytes: after.rssBytes,
    disk_free_bytes: after.diskFreeBytes,
    temperature_c: after.temperatureC,
  };
}

function latency(latencies: readonly number[]): MetricsPayload["latency_ms"] {
  if (latencies.length === 0) return null;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { p50: at(0.5), p99: at(0.99), count: sorted.length };
}

/** To a tenth: more is noise. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
