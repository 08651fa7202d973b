import { connectAsync, type MqttClient } from "mqtt";

/** What a device may say, in the place of the device itself. */
export interface Voices extends AsyncDisposable {
  readonly client: MqttClient;
  /** Publishes as `device` of the fleet `lab`; null: takes a retained message back. */
  say(device: string, topic: string, payload: object | null, retain?: boolean): Promise<void>;
}

export async function startVoices(url: string, options: { ca?: string; username?: string; password?: string } = {}) {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 50, ...options });
  const voices: Voices = {
    client,
    async say(device, topic, payload, retain = true) {
      const text = payload === null ? "" : JSON.stringify(payload);
      await client.publishAsync(`sis/v1/lab/${device}/up/${topic}`, text, { qos: 1, retain });
    },
    [Symbol.asyncDispose]: () => client.endAsync(),
  };
  return voices;
}

const now = () => new Date().toISOString();

export function stateOf(phase: string, more: object = {}): object {
  const online = phase !== "offline";
  return { v: 1, ts: now(), online, phase, boot: "boot-1", session: "s-1", since: now(), reason: "", ...more };
}

export function alarmOf(more: object = {}): object {
  return {
    v: 1,
    ts: now(),
    id: "boot-1-1",
    status: "active",
    severity: "major",
    class: "service",
    code: "SIS.0303",
    message: "the service is in trouble",
    trace_id: null,
    first: now(),
    last: now(),
    count: 1,
    flapping: false,
    hint: "Wait; it mends itself.",
    ...more,
  };
}

export function infoOf(more: object = {}): object {
  return {
    v: 1,
    ts: now(),
    version: "1.2.3",
    build: "abc1234",
    os: "Debian 12",
    hardware: "Raspberry Pi 4",
    capabilities: ["rasr"],
    audio_format: "pcm16k16bit",
    config_hash: "d34db33f",
    ...more,
  };
}

/** @param wave makes one sample differ from the next */
export function metricsOf(wave = 0): object {
  return {
    v: 1,
    ts: now(),
    window_s: 60,
    audio: { captured_ms: 60_000, sent_ms: 60_000, acknowledged_ms: 60_000, replayed_ms: 0, lost_ms: 0, missed_ms: 0 },
    backlog_ms: 1_500 + 1_000 * Math.sin(wave),
    level: { rms_dbfs: -42 + 6 * Math.sin(wave / 2), peak_dbfs: -20, clipped_ratio: 0 },
    latency_ms: { p50: 420, p99: 900 + 200 * Math.cos(wave), count: 12 },
    sessions: 0,
    errors: 0,
    alarms_active: 0,
    mqtt: { reconnects: 0, waiting: 0, dropped: 0, unheard: 0 },
    cpu_percent: 2,
    rss_bytes: 60_000_000,
    disk_free_bytes: null,
    temperature_c: 48,
  };
}

export function spokenOf(text: string, more: object = {}): object {
  return {
    v: 1,
    ts: now(),
    id: `speech-${text}`,
    start: now(),
    end: now(),
    text,
    score: 0.9,
    final: true,
    words: [],
    property: "chinese_16k_general",
    trace_id: null,
    session: "s-1",
    resumed: false,
    ...more,
  };
}
