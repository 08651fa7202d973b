import { instantOf, systemClock } from "../../../src/base/clock.ts";
import { seededRandom } from "../../../src/base/random.ts";
import type { Answer, Outgoing } from "../../../src/fleet/broker.ts";
import { brokerTimings } from "../../../src/fleet/broker-policy.ts";
import { startLink } from "../../../src/fleet/link.ts";
import { infoPayload, statePayload } from "../../../src/fleet/payloads.ts";
import type { DevicePhase } from "../../../src/fleet/schema.ts";
import { upTopic } from "../../../src/fleet/topics.ts";

/** A device as the broker sees one: the product's own connection, waits and payloads, without a microphone. */
export interface SimulatedDevice {
  readonly name: string;
  phase(phase: DevicePhase): void;
  alarm(type: "service" | "capture", status: "active" | "cleared", code: string): void;
  error(code: string): void;
  metrics(): void;
  isConnected(): boolean;
  waiting(): number;
  stop(): Promise<void>;
}

export interface DeviceEvents {
  attempt(): void;
  delivered(): void;
}

export function startDevice(url: string, name: string, events: DeviceEvents): SimulatedDevice {
  const owner = { fleet: "bench", device: name };
  const random = seededRandom(`${name}-${process.pid}-${performance.now()}`);
  const boot = `boot-${name}`;
  const waiting: Outgoing[] = [];
  /** What must be there whenever the device is: the newest of each topic, told again at each connection. */
  const kept = new Map<string, Outgoing>();
  const onTheWay = new Map<number, Outgoing>();
  let ids = 0;
  let connections = 0;
  let isConnected = false;
  let phase: DevicePhase = "starting";
  let since = instantOf(systemClock);

  const calm = { silencedBy: null, recognition: null, captureTrouble: null };
  const session = () => `${name}-${connections}`;
  const stamp = () => new Date().toISOString();

  function put(
    topic: string,
    payload: object,
    how: { qos: 0 | 1; retain: boolean; expirySeconds: number | null },
  ): void {
    const message: Outgoing = { id: (ids += 1), topic, payload: JSON.stringify(payload), ...how };
    if (how.retain) {
      kept.set(topic, message);
      const older = waiting.findIndex((each) => each.topic === topic);
      if (older >= 0) waiting.splice(older, 1);
    }
    // Metrics do not wait for a broker that is away.
    if (how.qos === 0 && !isConnected) return;
    waiting.push(message);
    link.wake();
  }

  function tellState(): void {
    const state = statePayload({ ...calm, phase, since, reason: "benchmark" }, boot, session(), instantOf(systemClock));
    put(upTopic(owner, "state"), state, { qos: 1, retain: true, expirySeconds: 7_200 });
  }

  const carrier = {
    subscriptions: [`sis/v1/bench/${name}/dn/#`],
    nextWill() {
      events.attempt();
      connections += 1;
      isConnected = false;
      const now = instantOf(systemClock);
      const offline = statePayload(
        { ...calm, phase: "offline", since: now, reason: "connection lost" },
        boot,
        session(),
        now,
      );
      return { topic: upTopic(owner, "state"), payload: JSON.stringify(offline) };
    },
    inFlight: () => onTheWay.size > 0,
    connected() {
      isConnected = true;
      waiting.unshift(...onTheWay.values());
      onTheWay.clear();
      for (const message of kept.values()) if (!waiting.includes(message)) waiting.push(message);
      tellState();
    },
    take() {
      const message = waiting.shift() ?? null;
      if (message !== null) onTheWay.set(message.id, message);
      return message;
    },
    answered(id: number, _answer: Answer) {
      onTheWay.delete(id);
      events.delivered();
    },
    failed() {
      isConnected = false;
    },
    stopped() {
      isConnected = false;
    },
    unheard() {},
    received() {},
    subscribed() {},
  };
  const access = { url, protocol: 5 } as const;
  const link = startLink({ access, clientId: name, clock: systemClock, random, timings: brokerTimings }, carrier);
  const facts = { version: "1.2.3", build: "abc1234", os: "Debian 12", hardware: "simulated", capabilities: ["rasr"] };
  const info = infoPayload({ ...facts, audioFormat: "pcm16k16bit" }, "d34db33f", Date.now());
  put(upTopic(owner, "info"), info, { qos: 1, retain: true, expirySeconds: null });

  return {
    name,
    phase(next) {
      phase = next;
      since = instantOf(systemClock);
      tellState();
    },
    alarm(type, status, code) {
      const payload = {
        v: 1,
        ts: stamp(),
        id: `${boot}-${type}`,
        status,
        severity: "major",
        class: "service",
        code,
        message: "benchmark",
        trace_id: null,
        first: stamp(),
        last: stamp(),
        count: 1,
        flapping: false,
        hint: "Wait.",
      };
      put(upTopic(owner, `alarm/${type}`), payload, {
        qos: 1,
        retain: true,
        expirySeconds: status === "active" ? null : 86_400,
      });
    },
    error(code) {
      const payload = {
        v: 1,
        ts: stamp(),
        seq: ids,
        boot,
        replayed: false,
        resp_type: "FATAL_ERROR",
        error_code: code,
        error_msg: "benchmark",
        trace_id: null,
        class: "service",
        action: "reconnect",
        attempt: 1,
        retry_in_ms: 800,
        hint: "Wait.",
      };
      put(upTopic(owner, "event/error"), payload, { qos: 1, retain: false, expirySeconds: 604_800 });
    },
    metrics() {
      const payload = {
        v: 1,
        ts: stamp(),
        window_s: 60,
        backlog_ms: Math.round(random() * 2_000),
        sessions: 0,
        errors: 0,
        alarms_active: 0,
        audio: {
          captured_ms: 60_000,
          sent_ms: 60_000,
          acknowledged_ms: 60_000,
          replayed_ms: 0,
          lost_ms: 0,
          missed_ms: 0,
        },
        ledger: {
          captured_ms: 9e6,
          acknowledged_ms: 9e6,
          pending_ms: 0,
          lost_ms: 0,
          missed_ms: 0,
          withheld_ms: 0,
          muted_ms: 0,
          speaking_ms: 0,
        },
        level: { rms_dbfs: -40 - 10 * random(), peak_dbfs: -12, clipped_ratio: 0 },
        latency_ms: { p50: 400, p99: 900 + 100 * random(), count: 12 },
        mqtt: { reconnects: 0, waiting: 0, dropped: 0, unheard: 0 },
        cpu_percent: 2,
        rss_bytes: 60_000_000,
        disk_free_bytes: 9e9,
        temperature_c: 48,
      };
      put(`sis/v1/bench/${name}/up/metrics`, payload, { qos: 0, retain: false, expirySeconds: 300 });
    },
    isConnected: () => isConnected,
    waiting: () => waiting.length + onTheWay.size,
    stop: () => link.stop(),
  };
}
