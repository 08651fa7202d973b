import assert from "node:assert/strict";
import { test } from "node:test";
import { accountNumbers, numberSound, numbersWithin, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { startMonitor } from "./lab/mqtt-monitor.ts";
import { eventually } from "./lab/processes.ts";
import { missingForPulse, startPulse } from "./lab/pulse.ts";

const shape = plainNumbers(16000);
const skip = missingForPulse("arecord") || mosquittoMissing;

test("a real recorder, a real broker, a service that breaks: nothing lost, and the fleet knows what was wrong", {
  skip,
}, async () => {
  await using room = await startPulse();
  await using broker = await startMosquitto();
  await using monitor = await startMonitor(broker.url);
  await using service = await startSimulator();
  await using agent = await startAgentProcess({
    config: `
[sis]
endpoint = "${service.url}"
project_id = "p"
[audio]
source = "microphone"
recorder = "arecord"
device = "${room.device}"
[mqtt]
url = "${broker.url}"
transcripts = true
`,
    env: room.env,
  });
  await agent.until("sound flows", () => agent.log.includes("sound flows"));
  const topic = (end: string) => `sis/v1/default/test-device/up/${end}`;
  await monitor.find((message) => message.topic === topic("info"));

  const count = 22;
  const heard = (number: number) =>
    agent.until(`word ${number}`, () => agent.texts.some((text) => text.includes(String(number).padStart(4, "0"))));
  const playing = room.play(numberSound(count, shape));
  await heard(4);
  service.addFault({ fault: { kind: "error", code: "SIS.0305" } });
  const error = await monitor.find((message) => message.topic === topic("event/error"));
  assert.equal(error.payload["resp_type"], "ERROR");
  assert.equal(error.payload["error_code"], "SIS.0305");
  assert.equal(error.payload["class"], "service");
  await heard(8);

  // A region that goes down: FATAL_ERROR, then refused for four seconds.
  const outage = monitor.seen.length;
  service.addFault({ fault: { kind: "refuse", status: 503, code: "SIS.0303", times: 2 } });
  service.addFault({ fault: { kind: "fatal", code: "SIS.0100" } });
  const fatal = await monitor.find((message) => message.payload["resp_type"] === "FATAL_ERROR", outage);
  assert.equal(fatal.payload["error_code"], "SIS.0100");
  assert.notEqual(fatal.payload["hint"], "");
  await monitor.find(
    (message) => message.topic === topic("state") && message.payload["phase"] === "backing-off",
    outage,
  );
  await monitor.find((message) => message.topic === topic("state") && message.payload["phase"] === "streaming", outage);
  await heard(16);

  await playing;
  await heard(count);
  assert.ok(numbersWithin(26_400, shape) >= count);
  assert.deepEqual(accountNumbers(count, agent.texts, shape.digits), {
    sent: count,
    heard: count,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    other: 0,
  });
  const published = () => monitor.seen.filter((message) => message.topic === topic("transcript"));
  await eventually(() => published().length >= agent.texts.length, "what is printed is published, too");
  assert.deepEqual(
    published().map((message) => message.payload["text"]),
    agent.texts,
  );

  agent.child.kill("SIGTERM");
  assert.equal(await agent.exit(15_000), 0);
  const farewell = await monitor.find(
    (message) => message.topic === topic("state") && message.payload["online"] === false,
  );
  assert.equal(farewell.payload["phase"], "offline");
  assert.deepEqual(service.state().violations, {});
});
