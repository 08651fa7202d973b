import assert from "node:assert/strict";
import { test } from "node:test";
import { type MetricsSource, servePrometheus } from "../../src/agent/prometheus.ts";
import { Fault } from "../../src/base/fault.ts";
import type { FleetMessage } from "../../src/fleet/fleet.ts";
import { errorEventPayload } from "../../src/fleet/payloads.ts";
import { alarmPayload, type Severity } from "../../src/fleet/schema.ts";
import { errorReport } from "../fleet/samples.ts";
import { alarmOf } from "../system/lab/voices.ts";

function startLab() {
  const listeners = new Set<(message: FleetMessage) => void>();
  const source: MetricsSource = {
    measure: () => ({
      ledger: {
        capturedMs: 12_500,
        acknowledgedMs: 12_000,
        resumedMs: 0,
        withheldMs: 0,
        mutedMs: 0,
        speakingMs: 0,
        pendingMs: 500,
        lostMs: 0,
        missedMs: 0,
      },
      sentMs: 12_000,
      replayedMs: 0,
      level: null,
      cpuMs: 1_500,
      rssBytes: 4_096,
      diskFreeBytes: null,
      temperatureC: 51.5,
    }),
    follow(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    version: "1.2.3",
  };
  const tell = (message: FleetMessage) => {
    for (const listener of listeners) listener(message);
  };
  return { source, tell, listeners };
}

const throttledOf = (severity: Severity, status: "active" | "cleared" = "active"): FleetMessage => ({
  topic: "sis/v1/f/d/up/alarm/throttled",
  payload: alarmPayload.parse(alarmOf({ severity, status })),
});

const errorOf = (code: string): FleetMessage => ({
  topic: "sis/v1/f/d/up/event/error",
  payload: errorEventPayload({ ...errorReport, code }, { seq: 1, boot: "b", nowMs: 0 }),
});

test("what is measured and told is there to be scraped, as often as one likes", async () => {
  const { source, tell, listeners } = startLab();
  {
    await using server = await servePrometheus("127.0.0.1:0", source);
    const url = `http://127.0.0.1:${server.port}/metrics`;
    tell(errorOf("SIS.0303"));
    for (let times = 0; times < 2; times += 1) {
      const answer = await fetch(url);
      assert.match(answer.headers.get("content-type") ?? "", /^text\/plain/);
      const text = await answer.text();
      for (const line of [
        'sis_agent_info{version="1.2.3"} 1',
        "sis_agent_audio_captured_seconds_total 12.5",
        "sis_agent_audio_pending_seconds 0.5",
        "sis_agent_cpu_seconds_total 1.5",
        "sis_agent_temperature_celsius 51.5",
        "sis_agent_disk_free_bytes Nan",
        'sis_agent_errors_total{class="service",code="SIS.0303"} 1',
      ])
        assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
    }
    assert.equal((await fetch(url.replace("/metrics", "/"))).status, 404);
    assert.equal((await fetch(url, { method: "POST" })).status, 404);
  }
  assert.equal(listeners.size, 0);
});

test("an alarm that becomes worse while it is active is one alarm", async () => {
  const { source, tell } = startLab();
  await using server = await servePrometheus("127.0.0.1:0", source);
  const alarms = async () => {
    const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    return text.match(/^sis_agent_alarm_active\{.*$/gm);
  };
  tell(throttledOf("minor"));
  tell(throttledOf("major"));
  assert.deepEqual(await alarms(), ['sis_agent_alarm_active{type="throttled",severity="major"} 1']);
  tell(throttledOf("major", "cleared"));
  assert.deepEqual(await alarms(), ['sis_agent_alarm_active{type="throttled",severity="major"} 0']);
});

test("a service that invents codes does not fill the memory", async () => {
  const { source, tell } = startLab();
  await using server = await servePrometheus("localhost:0", source);
  for (let code = 0; code < 1_000; code += 1) tell(errorOf(`X.${code}`));
  const text = await (await fetch(`http://localhost:${server.port}/metrics`)).text();
  assert.equal(text.match(/^sis_agent_errors_total\{/gm)?.length, 201);
  assert.match(text, /code="other"\} 800/);
});

test("a port that is taken is named", async () => {
  const { source, listeners } = startLab();
  await using server = await servePrometheus("127.0.0.1:0", source);
  await assert.rejects(
    servePrometheus(`127.0.0.1:${server.port}`, source),
    new Fault("address-unavailable", `port ${server.port} on 127.0.0.1 is in use by another program`, {
      hint: "No metrics are served. Choose another port in [metrics] listen.",
    }),
  );
  assert.equal(listeners.size, 1);
});
