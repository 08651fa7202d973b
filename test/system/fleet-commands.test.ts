import assert from "node:assert/strict";
import { test } from "node:test";
import { accountNumbers, numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { sessionOf } from "../fleet/samples.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { startTestFleet } from "./lab/fleet.ts";
import { command, outcome, root } from "./lab/fleet-command.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { type Monitor, type Seen, startMonitor } from "./lab/mqtt-monitor.ts";
import { eventually } from "./lab/processes.ts";
import { startTcpProxy } from "./lab/tcp-proxy.ts";

const skip = mosquittoMissing;
const shape = plainNumbers(16_000);

const desire = (monitor: Monitor, settings: object) =>
  monitor.publish(`${root}/dn/config`, { v: 1, ts: new Date().toISOString(), settings }, { retain: true });

const config = (status: string) => (message: Seen) =>
  message.topic === `${root}/up/config` && message.payload["status"] === status;

test("the fleet's commands and settings, while speech goes on: not a word is lost or doubled", { skip }, async () => {
  const count = 36;
  await using broker = await startMosquitto();
  await using monitor = await startMonitor(broker.url);
  await using service = await startSimulator();
  await using agent = await startAgentProcess({
    config: `
[sis]
endpoint = "${service.url}"
project_id = "p"
[audio]
source = "file"
path = "{{wav}}"
speed = 2
[mqtt]
url = "${broker.url}"
[metrics]
listen = "127.0.0.1:0"
`,
    sound: { samples: numberSound(count, shape), sampleRate: 16_000 },
  });
  await agent.until("the first word", () => agent.texts.length > 0);
  const own = await monitor.find((message) => message.topic === `${root}/up/config`);
  assert.deepEqual([own.payload["status"], own.payload["settings"], own.retain], ["own", {}, true]);

  await command(monitor, "restart-session", "1")();
  await monitor.find(outcome("restart-session", "1", "succeeded"));
  await monitor.find((message) => message.topic.endsWith("event/command") && message.payload["id"] === "1");
  await command(monitor, "log-level", "2", { level: "debug" })();
  await monitor.find(outcome("log-level", "2", "succeeded"));
  await command(monitor, "self-test", "3")();
  const selfTest = await monitor.find(outcome("self-test", "3", "succeeded"));
  assert.match(JSON.stringify(selfTest.payload["result"]), /"sound":\{"ok":true.*"disk":\{"ok":true/);

  // Settings of all kinds: good ones, bad ones, and some that the service does not take.
  await desire(monitor, { "sis.vad_tail": 400, "sis.chunk_ms": 200, "buffer.catch_up_rate": 5 });
  const applied = await monitor.find(config("applied"));
  assert.deepEqual(applied.payload["settings"], {
    "sis.vad_tail": 400,
    "sis.chunk_ms": 200,
    "buffer.catch_up_rate": 5,
  });
  assert.notEqual(applied.payload["hash"], own.payload["hash"]);
  const info = await monitor.find(
    (message) => message.topic === `${root}/up/info` && message.payload["config_hash"] === applied.payload["hash"],
  );
  assert.equal(info.retain, true);

  await desire(monitor, { "sis.vad_tail": 9_999, "sis.endpoint": "wss://evil.example" });
  const refused = await monitor.find(config("refused"));
  assert.equal(refused.payload["hash"], applied.payload["hash"]);
  assert.match(JSON.stringify(refused.payload["errors"]), /sis\.endpoint.*own file/);

  service.addFault({ fault: { kind: "error-on-start", code: "SIS.0201", times: 1 } });
  await desire(monitor, { "sis.vocabulary_id": "no-such-table" });
  const back = await monitor.find(config("rolled-back"));
  assert.equal(back.payload["hash"], applied.payload["hash"]);
  assert.match(JSON.stringify(back.payload["errors"]), /SIS\.0201/);

  const url = /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(agent.log)?.[0];
  assert.ok(url !== undefined, agent.log);
  const scraped = await (await fetch(url)).text();
  assert.match(scraped, /^sis_agent_audio_captured_seconds_total [1-9]/m);
  assert.match(scraped, /^sis_agent_errors_total\{class="config",code="SIS\.0201"\} 1$/m);

  assert.equal(await agent.exit(90_000), 0, agent.log);
  assert.deepEqual(
    accountNumbers(count, agent.texts, shape.digits),
    { sent: count, heard: count, lost: 0, doubled: 0, outOfOrder: 0, other: 0 },
    agent.log,
  );
  assert.deepEqual(service.state().violations, {});
});

test("a command is executed once, however often it comes; a retained or late one is refused", { skip }, async () => {
  let runs = 0;
  const executors = {
    report: () => {
      runs += 1;
      return null;
    },
  };
  const device = "sis/v1/lab/kiosk-17";
  await using broker = await startMosquitto({ persistence: true });
  await using proxy = await startTcpProxy(broker.port);
  await using monitor = await startMonitor(broker.url);
  const url = `mqtt://127.0.0.1:${proxy.port}`;
  await using _fleet = startTestFleet({ url, protocol: 5 }, { executors });
  await monitor.find((message) => message.topic === `${device}/up/state`);
  // What it listens to is asked for after that.
  const again = setInterval(() => void command(monitor, "report", "first", {}, 60_000, device)(), 200);
  await monitor.find(outcome("report", "first", "succeeded")).finally(() => clearInterval(again));
  await command(monitor, "report", "a", {}, 60_000, device)();
  await monitor.find(outcome("report", "a", "succeeded"));
  await command(monitor, "report", "a", {}, 60_000, device)();
  await command(monitor, "report", "b", {}, 60_000, device)({ retain: true });
  const retained = await monitor.find(outcome("report", "b", "failed"));
  assert.match(String(retained.payload["reason"]), /retained/);

  // What is sent while the device is away waits at the broker for its session; what has expired by then is refused.
  proxy.let(false);
  proxy.cut();
  await command(monitor, "report", "c", {}, 60_000, device)();
  await command(monitor, "report", "d", {}, 0, device)();
  await new Promise((resolve) => setTimeout(resolve, 50));
  proxy.let(true);
  await monitor.find(outcome("report", "c", "succeeded"));
  const late = await monitor.find(outcome("report", "d", "failed"));
  assert.match(String(late.payload["reason"]), /too late/);
  assert.equal(runs, 3);
});

test("metrics come at QoS 0, are not kept, and not queued while the broker is away", { skip }, async () => {
  await using broker = await startMosquitto();
  await using proxy = await startTcpProxy(broker.port);
  // Its first metrics of themselves are due in 54 s.
  const random = () => 0.9;
  await using device = startTestFleet({ url: `mqtt://127.0.0.1:${proxy.port}`, protocol: 5 }, { random });
  await device.logged("connected");
  // Nobody listens yet: the broker says so of each message (reason code 0x10), and it is counted.
  device.fleet.report({ type: "phase", phase: "listening", reason: "", retryInMs: null });
  device.fleet.report(sessionOf("started"));
  const isCounted = () => {
    device.fleet.repeat();
    return device.decided.some(({ payload }) => "mqtt" in payload && payload.mqtt.unheard >= 1);
  };
  await eventually(isCounted, "what nobody heard is counted");
  await using monitor = await startMonitor(broker.url);
  const isMetrics = ({ topic }: Seen) => topic.endsWith("/up/metrics");
  const isState = (phase: string) => (message: Seen) =>
    message.topic.endsWith("/up/state") && message.payload["phase"] === phase;
  await monitor.find(isState("listening"));
  const told = monitor.seen.length;
  device.fleet.repeat();
  const metrics = await monitor.find(isMetrics, told);
  const { unheard } = metrics.payload["mqtt"] as { readonly unheard: number };
  assert.ok(unheard >= 1, JSON.stringify(metrics.payload));
  assert.deepEqual([metrics.qos, metrics.retain], [0, false]);
  assert.equal(metrics.properties?.messageExpiryInterval, 300);
  proxy.let(false);
  proxy.cut();
  const ended = /connection ended without a word|reset/;
  const isEnd = ({ message, fields }: (typeof device.log)[number]) =>
    ended.test(message) || ended.test(String(fields["error"]));
  await eventually(() => device.log.some(isEnd), "the connection is lost");
  device.fleet.repeat();
  device.fleet.report({ type: "phase", phase: "streaming", reason: "", retryInMs: null });
  proxy.let(true);
  await monitor.find(isState("streaming"));
  assert.equal(monitor.seen.slice(told).filter(isMetrics).length, 1);
});
