import assert from "node:assert/strict";
import { test } from "node:test";
import { metricsPayload, noTallies, tallied } from "../../src/fleet/metrics.ts";
import { openMetricsDesk } from "../../src/fleet/metrics-desk.ts";
import type { MetricsPayload } from "../../src/fleet/schema-metrics.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { errorOf, measured, sessionOf, transcript } from "./samples.ts";

const delivery = { waiting: 0, dropped: 0, unheard: 0, reconnects: 0 };

test("a minute is the difference of its ends; the ledger is of the whole time, and adds up", () => {
  const from = {
    atMs: 0,
    measurement: measured({
      ledger: {
        capturedMs: 100_000,
        acknowledgedMs: 90_000,
        resumedMs: 0,
        withheldMs: 0,
        mutedMs: 0,
        speakingMs: 0,
        pendingMs: 8_000,
        lostMs: 2_000,
        missedMs: 500,
      },
      sentMs: 95_000,
      cpuMs: 1_000,
    }),
    delivery: { ...delivery, reconnects: 2, dropped: 5 },
  };
  const to = {
    atMs: 60_000,
    measurement: measured({
      ledger: {
        capturedMs: 160_000,
        acknowledgedMs: 150_000,
        resumedMs: 0,
        withheldMs: 6_000,
        mutedMs: 1_000,
        speakingMs: 3_000,
        pendingMs: 7_000,
        lostMs: 3_000,
        missedMs: 700,
      },
      sentMs: 160_000,
      replayedMs: 4_000,
      cpuMs: 7_000,
      temperatureC: 51.23,
      level: { rmsDbfs: -31.26, peakDbfs: -2, clippedRatio: 0.25 },
    }),
    delivery: { ...delivery, reconnects: 3, dropped: 5, waiting: 4, unheard: 1 },
  };
  const payload = metricsPayload(from, to, { ...noTallies, alarmsActive: 2 }, 0);
  assert.deepEqual(payload.audio, {
    captured_ms: 60_000,
    sent_ms: 65_000,
    acknowledged_ms: 60_000,
    replayed_ms: 4_000,
    lost_ms: 1_000,
    missed_ms: 200,
  });
  const { ledger } = payload;
  assert.equal(ledger.captured_ms, ledger.acknowledged_ms + ledger.pending_ms + ledger.lost_ms);
  assert.deepEqual([ledger.withheld_ms, ledger.muted_ms, ledger.speaking_ms], [6_000, 1_000, 3_000]);
  assert.deepEqual([payload.window_s, payload.backlog_ms, payload.cpu_percent], [60, 7_000, 10]);
  assert.deepEqual(payload.mqtt, { reconnects: 1, waiting: 4, dropped: 5, unheard: 1 });
  assert.deepEqual(payload.level, { rms_dbfs: -31.3, peak_dbfs: -2, clipped_ratio: 0.25 });
  assert.deepEqual([payload.latency_ms, payload.alarms_active, payload.disk_free_bytes], [null, 2, null]);
});

test("latency is from the end of speech to its final text", () => {
  let tallies = noTallies;
  const said = (final: boolean) => ({ type: "transcript" as const, transcript: { ...transcript, final } });
  for (let ms = 1; ms <= 100; ms += 1) tallies = tallied(tallies, said(true), transcript.endMs + ms);
  tallies = tallied(tallies, said(false), transcript.endMs + 1e6);
  for (const report of [sessionOf("started"), sessionOf("ended"), errorOf()]) tallies = tallied(tallies, report, 0);
  const mark = (atMs: number) => ({ atMs, measurement: measured(), delivery });
  const payload = metricsPayload(mark(0), mark(1), { ...tallies, alarmsActive: 0 }, 0);
  assert.deepEqual(payload.latency_ms, { p50: 50, p99: 99, count: 100 });
  assert.deepEqual([payload.sessions, payload.errors], [1, 1]);
});

test("a latency that a clock made which was set meanwhile is none", () => {
  const said = (nowMs: number) =>
    tallied(noTallies, { type: "transcript", transcript: { ...transcript, final: true } }, nowMs).latencies;
  assert.deepEqual([said(transcript.endMs - 1), said(transcript.endMs + 86_400_001)], [[], []]);
  assert.deepEqual([said(transcript.endMs), said(transcript.endMs + 86_400_000)], [[0], [86_400_000]]);
});

test("once a minute, devices not together; nothing is counted twice", () => {
  const clock = new ManualClock();
  const told: MetricsPayload[] = [];
  using desk = openMetricsDesk({
    measure: () => measured(),
    delivery: () => delivery,
    alarmsActive: () => 0,
    publish: (payload) => told.push(payload),
    clock,
    random: () => 0.25,
  });
  desk.report(errorOf());
  clock.advance(15_000);
  clock.advance(120_000);
  assert.deepEqual(
    told.map((payload) => [payload.window_s, payload.errors]),
    [
      [15, 1],
      [60, 0],
      [60, 0],
    ],
  );
});
