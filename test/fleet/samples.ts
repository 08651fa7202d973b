import type { FleetOptions } from "../../src/fleet/fleet.ts";
import type { Measurement } from "../../src/fleet/metrics.ts";
import type { DeviceInfo } from "../../src/fleet/payloads.ts";
import { noRemoteConfig } from "../../src/fleet/remote-config-file.ts";
import type { Symptom } from "../../src/fleet/symptom.ts";
import type { Report, Transcript } from "../../src/recognition/report.ts";
import type { ErrorReport } from "../../src/sis/error-report.ts";

// Well-formed values for tests to vary.

export const deviceInfo: DeviceInfo = {
  version: "1.2.3",
  build: "abc1234",
  os: "Debian 12",
  hardware: "Raspberry Pi 4",
  capabilities: ["rasr"],
  audioFormat: "pcm16k16bit",
};

/** Nothing was captured yet. */
export function measured(change: Partial<Measurement> = {}): Measurement {
  return {
    ledger: {
      capturedMs: 0,
      acknowledgedMs: 0,
      resumedMs: 0,
      withheldMs: 0,
      mutedMs: 0,
      speakingMs: 0,
      pendingMs: 0,
      lostMs: 0,
      missedMs: 0,
    },
    sentMs: 0,
    replayedMs: 0,
    level: null,
    cpuMs: 0,
    rssBytes: 1,
    diskFreeBytes: null,
    temperatureC: null,
    ...change,
  };
}

/** A device to whom the fleet may say nothing, and who has heard nothing. */
export const idle: Pick<FleetOptions, "config" | "measure"> = {
  config: {
    initial: noRemoteConfig,
    host: {
      check: () => [{ key: null, message: "none are taken" }],
      apply: () => Promise.reject(new Error("none are taken")),
    },
  },
  measure: () => measured(),
};

export const errorReport: ErrorReport = {
  kind: "FATAL_ERROR",
  code: "SIS.0303",
  message: "the service is in trouble",
  traceId: "567e8537-a89c-13c3-a882-826321939651",
  class: "service",
  action: "reconnect",
  attempt: 1,
  retryInMs: 800,
  hint: "Wait; it mends itself.",
};

export const transcript: Transcript = {
  id: "stream-1-16000",
  startMs: Date.UTC(2026, 0, 1, 12),
  endMs: Date.UTC(2026, 0, 1, 12, 0, 2),
  text: "一二三",
  score: 0.93,
  final: true,
  words: [{ word: "一", startMs: Date.UTC(2026, 0, 1, 12), endMs: Date.UTC(2026, 0, 1, 12, 0, 1) }],
  property: "chinese_16k_general",
  traceId: null,
  session: "s-1",
  resumed: false,
};

export function errorOf(change: Partial<ErrorReport> = {}): Report {
  return { type: "error", error: { ...errorReport, ...change } };
}

export function sessionOf(change: "started" | "ended"): Report {
  return { type: "session", change, session: "s-1", traceId: null, reason: change };
}

export const gapReport: Extract<Report, { type: "gap" }> = {
  type: "gap",
  lostMs: 1_500,
  fromMs: Date.UTC(2026, 0, 1, 12),
  toMs: Date.UTC(2026, 0, 1, 12, 0, 1, 500),
  cause: "buffer-full",
};

export function symptomOf(change: Partial<Symptom> = {}): Symptom {
  return {
    alarm: "service",
    origin: "service",
    class: "service",
    code: "SIS.0303",
    message: "the service is in trouble",
    traceId: null,
    hint: "Wait; it mends itself.",
    debounceMs: 2_000,
    lasting: true,
    ...change,
  };
}
