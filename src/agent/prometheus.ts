import { createServer } from "node:http";
import { Counter, Gauge, Registry } from "prom-client";
import { type Listening, listen } from "../base/listen.ts";
import type { FleetMessage } from "../fleet/fleet.ts";
import type { Measurement } from "../fleet/metrics.ts";
import { severities } from "../fleet/schema.ts";

// The agent's metrics for a Prometheus on the same machine. Loaded only where the settings ask for it.

/** Where the numbers come from. */
export interface MetricsSource {
  measure(): Measurement;
  /** Calls `listener` with the alarms that stand, and with every message to the fleet, until disposed. */
  follow(listener: (message: FleetMessage) => void): Disposable;
  readonly version: string;
}

const prefix = "sis_agent_";
const mostCodes = 200;

/**
 * Answers `GET /metrics` on an address of this machine.
 * @param address HOST:PORT
 * @throws Fault `address-unavailable`
 */
export async function servePrometheus(address: string, source: MetricsSource): Promise<Listening> {
  const { registry, observing } = registryOf(source);
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?", 1)[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "Content-Type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  const port = Number(address.slice(colon + 1));
  const listening = await listen(server, host, port, {
    port: "No metrics are served. Choose another port in [metrics] listen.",
    host: "No metrics are served. Name an address of this machine in [metrics] listen.",
  }).catch((error: unknown) => {
    observing[Symbol.dispose]();
    throw error;
  });
  return {
    port: listening.port,
    async [Symbol.asyncDispose]() {
      observing[Symbol.dispose]();
      await listening[Symbol.asyncDispose]();
    },
  };
}

function registryOf(source: MetricsSource): { readonly registry: Registry; readonly observing: Disposable } {
  const registry = new Registry();
  const registers = [registry];
  let now: Measurement = source.measure();
  // The first collector of a scrape measures; the others show what it measured.
  new Gauge({
    name: `${prefix}info`,
    help: "always 1; the version is a label",
    labelNames: ["version"],
    registers,
    collect() {
      now = source.measure();
      this.set({ version: source.version }, 1);
    },
  });
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      name: `${prefix}${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(Math.max(0, value()));
      },
    });
  const gauge = (name: string, help: string, value: () => number | null) =>
    new Gauge({
      name: `${prefix}${name}`,
      help,
      registers,
      collect() {
        this.set(value() ?? Number.NaN);
      },
    });
  const seconds = (ms: number) => ms / 1000;
  counter("audio_captured_seconds_total", "sound captured", () => seconds(now.ledger.capturedMs));
  counter("audio_acknowledged_seconds_total", "sound the service is done with", () =>
    seconds(now.ledger.acknowledgedMs),
  );
  counter("audio_lost_seconds_total", "sound captured that will never be recognised", () => seconds(now.ledger.lostMs));
  counter("audio_missed_seconds_total", "sound never captured", () => seconds(now.ledger.missedMs));
  counter("audio_withheld_seconds_total", "sound not sent: nobody spoke, or the microphone was muted", () =>
    seconds(now.ledger.withheldMs),
  );
  counter("audio_muted_seconds_total", "sound not sent because somebody had muted the microphone", () =>
    seconds(now.ledger.mutedMs),
  );
  counter("audio_speaking_seconds_total", "sound not sent because the device itself spoke", () =>
    seconds(now.ledger.speakingMs),
  );
  counter("audio_sent_seconds_total", "sound sent to the service", () => seconds(now.sentMs));
  counter("audio_replayed_seconds_total", "sound sent again", () => seconds(now.replayedMs));
  gauge("audio_pending_seconds", "sound that waits for the service", () => seconds(now.ledger.pendingMs));
  gauge("audio_level_rms_dbfs", "loudness since the last scrape", () => now.level?.rmsDbfs ?? null);
  gauge("audio_level_peak_dbfs", "peak since the last scrape", () => now.level?.peakDbfs ?? null);
  gauge("audio_clipped_ratio", "samples at full scale since the last scrape", () => now.level?.clippedRatio ?? null);
  counter("cpu_seconds_total", "processor time of the agent", () => seconds(now.cpuMs));
  gauge("resident_memory_bytes", "memory of the agent", () => now.rssBytes);
  gauge("disk_free_bytes", "free on the disk of state_dir", () => now.diskFreeBytes);
  gauge("temperature_celsius", "of the board", () => now.temperatureC);
  return { registry, observing: countMessages(source, registers) };
}

/** What is decided for the fleet, counted. */
function countMessages(source: MetricsSource, registers: Registry[]): Disposable {
  const errors = new Counter({
    name: `${prefix}errors_total`,
    help: "errors of the service and of the way to it",
    labelNames: ["class", "code"],
    registers,
  });
  const sessions = new Counter({ name: `${prefix}sessions_total`, help: "recognition sessions begun", registers });
  const alarms = new Gauge({
    name: `${prefix}alarm_active`,
    help: "1 while the alarm is active",
    labelNames: ["type", "severity"],
    registers,
  });
  const phase = new Gauge({
    name: `${prefix}phase`,
    help: "1 for the phase that the agent is in",
    labelNames: ["phase"],
    registers,
  });
  const codes = new Set<string>();
  return source.follow(({ topic, payload }) => {
    if ("resp_type" in payload) {
      // A service may say anything: what is remembered has a bound.
      if (codes.size < mostCodes) codes.add(payload.error_code);
      errors.inc({ class: payload.class, code: codes.has(payload.error_code) ? payload.error_code : "other" });
    }
    if ("change" in payload) sessions.inc(payload.change === "started" ? 1 : 0);
    else if ("severity" in payload) {
      const type = topic.slice(topic.lastIndexOf("/") + 1);
      // An alarm that goes on for another reason may have become better or worse.
      for (const severity of severities) alarms.remove({ type, severity });
      alarms.set({ type, severity: payload.severity }, payload.status === "active" ? 1 : 0);
    } else if ("phase" in payload) {
      phase.reset();
      phase.set({ phase: payload.phase }, 1);
    }
  });
}
