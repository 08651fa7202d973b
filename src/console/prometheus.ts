import { severityNames } from "./device.ts";
import type { FleetModel } from "./model.ts";
import type { BrokerState } from "./wire.ts";

// The fleet as numbers for Prometheus: sums only, never a series a device.

export interface MetricsPage {
  text(): Promise<{ readonly type: string; readonly text: string }>;
}

const ranks = ["none", ...severityNames];

/** Loads prom-client, which nothing else needs. */
export async function openMetricsPage(model: FleetModel, broker: () => BrokerState): Promise<MetricsPage> {
  const { Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge({ name: `sis_fleet_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const phases = gauge("devices", "Devices by phase", ["phase"]);
  const worst = gauge("devices_by_severity", "Devices by the severity of their worst active alarm", ["severity"]);
  const alarms = gauge("alarms_active", "Active alarms by type", ["type"]);
  const outages = gauge("outage_devices", "Devices in a trouble that many have in common, by code", ["code"]);
  const refused = new Counter({
    name: "sis_fleet_messages_refused_total",
    help: "Messages that were not used since the start of the console, by reason",
    labelNames: ["reason"],
    registers: [registry],
  });
  const connected = gauge("broker_connected", "1: the console is connected to the MQTT broker");
  const complete = gauge("snapshot_complete", "1: everything that the broker keeps was heard");
  const backlog = gauge("backlog_seconds", "Sound captured and not yet recognised, over all devices");
  const lost = gauge("lost_seconds", "Sound lost in the latest minute that each device told of, over all devices");
  const latency = gauge("latency_seconds", "Latency p99 that this share of the devices stays within", ["share"]);
  const rss = gauge("device_memory_bytes", "Resident memory of the agents, over all devices");

  function take(): void {
    const { phases: byPhase, alarms: byType, worst: bySeverity, outages: open, refused: byReason } = model.overview();
    for (const each of [alarms, outages, refused]) each.reset();
    for (const [phase, count] of Object.entries(byPhase)) phases.set({ phase }, count);
    for (const [type, count] of Object.entries(byType)) alarms.set({ type }, count);
    for (const [rank, severity] of ranks.entries()) worst.set({ severity }, bySeverity[rank] ?? 0);
    for (const { code, devices } of open) outages.set({ code }, devices);
    for (const [reason, count] of Object.entries(byReason)) refused.inc({ reason }, count);
    connected.set(broker().connected ? 1 : 0);
    complete.set(broker().complete ? 1 : 0);
    const sums = { backlogMs: 0, lostMs: 0, rssBytes: 0 };
    const latencies: number[] = [];
    for (const { metrics, state } of model.devices()) {
      if (metrics === null || state?.phase === "offline") continue;
      sums.backlogMs += metrics.backlogMs ?? 0;
      sums.lostMs += metrics.lostMs ?? 0;
      sums.rssBytes += metrics.rssBytes ?? 0;
      if (metrics.latencyP99Ms !== null) latencies.push(metrics.latencyP99Ms);
    }
    backlog.set(sums.backlogMs / 1000);
    lost.set(sums.lostMs / 1000);
    rss.set(sums.rssBytes);
    latencies.sort((a, b) => a - b);
    latency.reset();
    for (const share of ["0.5", "0.9", "0.99"]) {
      const value = latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * Number(share)))];
      if (value !== undefined) latency.set({ share }, value / 1000);
    }
  }

  return {
    async text() {
      take();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}
