import { activeAlarms, badness, type Device, type Happening, severityRank } from "./device.ts";
import type { Metrics, Outcome, Spoken } from "./message.ts";
import type { FleetModel, Overview } from "./model.ts";
import { type Channel, channels, valuesOf } from "./series.ts";

// What the page, and programs, are told. Short names where it is told 10,000 times.

/** A device in the list. */
export interface Row {
  /** `{fleet}/{device}` */
  readonly k: string;
  readonly f: string;
  readonly d: string;
  readonly phase: string;
  /** Wall clock, ms; 0: not known. */
  readonly since: number;
  /** 0: no alarm; 1 warning … 4 critical. */
  readonly sev: number;
  /** To sort by: the worst first. */
  readonly bad: number;
  /** Active alarms: type, code. */
  readonly al: readonly (readonly [type: string, code: string])[];
  readonly version: string;
  readonly backlog: number | null;
}

/** What is known of the fleet as a whole. */
export interface Glance extends Overview {
  readonly broker: BrokerState;
  readonly mostDevices: number;
  readonly allowCommands: boolean;
  readonly nowMs: number;
}

export interface BrokerState {
  readonly connected: boolean;
  /** All that the broker keeps was heard. */
  readonly complete: boolean;
  /** Why there is no connection; else empty. */
  readonly trouble: string;
}

/** A message of the stream of events. */
export interface Batch {
  /** Begins anew: what was told before is void. */
  readonly reset: boolean;
  readonly rows: readonly Row[];
  readonly gone: readonly string[];
  readonly glance: Glance | null;
}

export interface AlarmView {
  readonly type: string;
  readonly status: string;
  readonly severity: string;
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly first: string;
  readonly last: string;
  readonly count: number;
  readonly flapping: boolean;
  readonly traceId: string | null;
}

/** One device's page. */
export interface Detail extends Row {
  readonly reason: string;
  readonly info: Readonly<Record<string, string>>;
  readonly alarms: readonly AlarmView[];
  readonly history: readonly Happening[];
  readonly events: readonly Happening[];
  readonly spoken: readonly Spoken[];
  readonly outcomes: readonly (Outcome & { readonly atMs: number })[];
  readonly metrics: Metrics | null;
  readonly chart: { readonly timesMs: readonly number[] } & Readonly<Record<Channel, readonly (number | null)[]>>;
}

export function rowOf(device: Device): Row {
  const { state } = device;
  return {
    k: device.key,
    f: device.fleet,
    d: device.device,
    phase: state?.phase ?? "unknown",
    since: state === null ? 0 : Date.parse(state.since),
    sev: severityRank(device),
    bad: badness(device),
    al: activeAlarms(device).map(({ type, payload }) => [type, payload.code] as const),
    version: device.info?.version ?? "",
    backlog: device.metrics?.backlogMs ?? null,
  };
}

/** The worst first, then by name. */
function compareRows(a: Row, b: Row): number {
  return b.bad - a.bad || (a.k < b.k ? -1 : a.k > b.k ? 1 : 0);
}

export function rowsOf(model: FleetModel): readonly Row[] {
  return [...model.devices()].map(rowOf).toSorted(compareRows);
}

export function detailOf(device: Device): Detail {
  const { series, info } = device;
  const curves = Object.fromEntries(channels.map((channel) => [channel, valuesOf(series, channel)]));
  return {
    ...rowOf(device),
    reason: device.state?.reason ?? "",
    info:
      info === null
        ? {}
        : {
            version: info.version,
            build: info.build,
            os: info.os,
            hardware: info.hardware,
            capabilities: info.capabilities.join(", "),
            audio_format: info.audio_format,
            config_hash: info.config_hash,
          },
    alarms: device.alarms.map(({ type, payload }) => ({
      type,
      status: payload.status,
      severity: payload.severity,
      class: payload.class,
      code: payload.code,
      message: payload.message,
      hint: payload.hint,
      first: payload.first,
      last: payload.last,
      count: payload.count,
      flapping: payload.flapping,
      traceId: payload.trace_id,
    })),
    history: device.history,
    events: device.events,
    spoken: device.spoken,
    outcomes: device.outcomes,
    metrics: device.metrics,
    chart: {
      timesMs: series.timesMs,
      levelDbfs: curves["levelDbfs"] ?? [],
      backlogMs: curves["backlogMs"] ?? [],
      latencyP50Ms: curves["latencyP50Ms"] ?? [],
      latencyP99Ms: curves["latencyP99Ms"] ?? [],
      lostMs: curves["lostMs"] ?? [],
    },
  };
}
