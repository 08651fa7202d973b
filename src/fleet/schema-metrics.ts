import * as z from "zod";
import { common, count } from "./schema-parts.ts";

const ms = z.number().min(0);
const totalMs = ms.describe("since the start of the agent");
const unknown = (what: string) => z.number().nullable().describe(`${what}; null: this machine does not tell`);

export const metricsPayload = z.object({
  ...common,
  window_s: z.number().min(0).describe("the time that audio, level, latency, counts and cpu are about"),
  audio: z.object({
    captured_ms: ms,
    sent_ms: ms,
    acknowledged_ms: ms.describe("the service is done with it"),
    replayed_ms: ms.describe("of what was sent: what had been sent before"),
    lost_ms: ms.describe("captured, and will never be recognised"),
    missed_ms: ms.describe("never captured"),
  }),
  backlog_ms: ms.describe("captured, and not acknowledged yet"),
  ledger: z
    .object({
      captured_ms: totalMs,
      acknowledged_ms: totalMs,
      pending_ms: ms,
      lost_ms: totalMs,
      missed_ms: totalMs,
      withheld_ms: totalMs.describe("since the start of the agent; of what is acknowledged: not sent"),
      muted_ms: totalMs.describe(
        "since the start of the agent; of what was withheld: somebody had muted the microphone",
      ),
      speaking_ms: totalMs.describe("since the start of the agent; of what was withheld: the device itself spoke"),
    })
    .describe("captured = acknowledged + pending + lost"),
  level: z
    .object({
      rms_dbfs: z.number(),
      peak_dbfs: z.number(),
      clipped_ratio: z.number().min(0).max(1).describe("of the samples: at full scale"),
    })
    .nullable()
    .describe("null: nothing was captured"),
  latency_ms: z
    .object({ p50: z.number(), p99: z.number(), count })
    .nullable()
    .describe("from the end of speech to its final text; null: nothing was said"),
  sessions: count,
  errors: count,
  alarms_active: count,
  mqtt: z.object({
    reconnects: count,
    waiting: count.describe("messages that wait for the broker"),
    dropped: count.describe("messages that gave way, were refused or were given up, since the start"),
    unheard: count.describe("messages that nobody subscribes to, since the start (MQTT 5)"),
  }),
  cpu_percent: z.number().min(0).describe("of one core"),
  rss_bytes: count,
  disk_free_bytes: unknown("on the disk of state_dir"),
  temperature_c: unknown("of the board"),
});
export type MetricsPayload = z.infer<typeof metricsPayload>;
