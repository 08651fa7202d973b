import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAgent } from "../../../src/agent.ts";
import { wavHeader } from "../../../src/audio/wav.ts";
import { interpret } from "../../../src/config/interpret.ts";
import type { Secrets } from "../../../src/config/secrets.ts";
import type { FleetMessage } from "../../../src/fleet/fleet.ts";
import { type FaultId, type KnownFault, knownFaults } from "../../../src/fleet/known-faults.ts";
import type { Monitor } from "./mqtt-monitor.ts";
import { eventually } from "./processes.ts";

// A device on which faults are made, and the judgement of what the fleet heard of them.

const noSecrets: Secrets = {
  service: { method: "none" },
  broker: { password: undefined, ca: undefined, cert: undefined, key: undefined },
};

/** What the fleet has heard of an alarm. */
export interface HeardAlarm {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Demands that what was heard first is this fault's alarm, raised in time.
 * @param sinceMs when the fault began, by the device's wall clock
 * @param speed how fast that clock is
 */
export function judgeRaised(id: FaultId, heard: readonly HeardAlarm[], sinceMs: number, speed = 1): void {
  const expected: KnownFault = knownFaults[id];
  const [first] = heard;
  assert.ok(first !== undefined);
  const { status, severity, code, hint, ts, class: faultClass } = first.payload;
  assert.deepEqual(
    { alarm: first.type, status, severity, class: faultClass, code, hint },
    {
      alarm: expected.alarm,
      status: "active",
      severity: expected.severity,
      class: expected.class,
      code: expected.code,
      hint: expected.hint,
    },
  );
  const tookMs = (Date.parse(String(ts)) - sinceMs) / speed;
  assert.ok(tookMs <= expected.withinMs, `raised after ${tookMs} ms`);
}

/** Demands that there was one alarm in all, and that it is cleared. */
export function judgeCleared(heard: readonly HeardAlarm[]): void {
  const lives = new Set(heard.map(({ type, payload }) => `${type} ${String(payload["id"])}`));
  assert.equal(lives.size, 1, `exactly one alarm: ${[...lives].join(", ")}`);
  assert.equal(heard.at(-1)?.payload["status"], "cleared");
}

/** The alarms among messages. */
export function alarmsAmong(messages: readonly FleetMessage[]): readonly HeardAlarm[] {
  return messages.flatMap(({ topic, payload }) =>
    "severity" in payload ? [{ type: topic.slice(topic.lastIndexOf("/") + 1), payload: { ...payload } }] : [],
  );
}

/** A whole agent in this process, whose alarms a monitor hears through a real broker. */
export interface FaultDevice extends AsyncDisposable {
  heard(): readonly HeardAlarm[];
  /** What the stand-in for arecord does from now on. */
  microphone(behaviour: string): void;
  /** Tells recognition, as the fleet does, to try again at once. */
  restartSession(): Promise<void>;
  phase(): unknown;
}

export async function startFaultDevice(
  id: string,
  monitor: Monitor,
  brokerUrl: string,
  options: {
    readonly endpoint: string;
    readonly microphone?: string;
    readonly auth?: string;
    readonly secrets?: Partial<Secrets>;
  },
): Promise<FaultDevice> {
  const folder = mkdtempSync(join(tmpdir(), "fault-"));
  const device = join(folder, "microphone");
  const microphone = (behaviour: string) => writeFileSync(device, `${behaviour}\n`);
  microphone(options.microphone ?? "noise");
  const wav = join(folder, "quiet.wav");
  const header = wavHeader({ encoding: "s16", channels: 1, sampleRate: 16_000 }, 64_000);
  writeFileSync(wav, Buffer.concat([header, Buffer.alloc(64_000)]));
  const source =
    options.microphone === undefined
      ? `source = "file"\npath = "${wav}"\nloop = true`
      : `source = "microphone"\ndevice = "${device}"`;
  const toml = `device_id = "${id}"
fleet = "faults"
state_dir = "${folder}/state"
[sis]
endpoint = "${options.endpoint}"
project_id = "p"
chunk_ms = 500
${options.auth ?? ""}
[audio]
${source}
[mqtt]
url = "${brokerUrl}"
`;
  const { settings, problems } = interpret({ file: join(folder, "a.toml"), toml, environment: {}, machineId: null });
  assert.ok(settings !== null, JSON.stringify(problems));
  const agent = startAgent({
    settings,
    secrets: { ...noSecrets, ...options.secrets },
    version: "0",
    build: "test",
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    onReport() {},
  });
  const root = `sis/v1/faults/${id}`;
  const ours = (topic: string) => monitor.seen.filter((message) => message.topic.startsWith(`${root}/up/${topic}`));
  let commands = 0;
  return {
    heard: () =>
      ours("alarm/").map(({ topic, payload }) => ({ type: topic.slice(topic.lastIndexOf("/") + 1), payload })),
    microphone,
    phase: () => ours("state").at(-1)?.payload["phase"],
    async restartSession() {
      commands += 1;
      const outcome = `${root}/up/command/restart-session/${commands}`;
      await monitor.publish(`${root}/dn/command/restart-session/${commands}`, {
        v: 1,
        ts: new Date().toISOString(),
        args: {},
        not_after: new Date(Date.now() + 60_000).toISOString(),
      });
      await eventually(
        () => monitor.seen.some(({ topic, payload }) => topic === outcome && payload["status"] === "succeeded"),
        `${id}: restart-session`,
        30_000,
      );
    },
    async [Symbol.asyncDispose]() {
      await agent.stop("test over");
      rmSync(folder, { recursive: true });
    },
  };
}
