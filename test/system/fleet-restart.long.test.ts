import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { startTestFleet } from "./lab/fleet.ts";
import { root } from "./lab/fleet-command.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { startMonitor } from "./lab/mqtt-monitor.ts";
import { eventually } from "./lab/processes.ts";

test("what was wrong before a restart, and is not any more, is cleared: no alarm stays for ever", {
  skip: mosquittoMissing,
  timeout: 200_000,
}, async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "fleet-restart-"));
  using _stateDir = { [Symbol.dispose]: () => rmSync(stateDir, { recursive: true }) };
  {
    await using before = startTestFleet(null, { stateDir, device: "test-device" });
    before.fleet.notice({ type: "sound", health: "dead" });
    for (const type of ["sound-disk", "mute-disk", "stop-disk"] as const)
      before.fleet.notice({ type, fault: new Fault("disk-full", "full") });
    before.fleet.notice({ type: "panel", fault: new Fault("device-lost", "gone") });
    await eventually(() => before.fleet.alarms().length === 3, "three alarms");
  }
  await using broker = await startMosquitto();
  await using monitor = await startMonitor(broker.url);
  await using service = await startSimulator();
  const shape = plainNumbers(16_000);
  await using _agent = await startAgentProcess({
    config: `[sis]
endpoint = "${service.url}"
project_id = "p"
[audio]
source = "file"
path = "{{wav}}"
loop = true
[mqtt]
url = "${broker.url}"
`,
    sound: { samples: numberSound(20, shape), sampleRate: 16_000 },
    stateDir,
  });
  const alarms = (status: string) =>
    new Set(
      monitor.seen
        .filter(({ topic, payload }) => topic.startsWith(`${root}/up/alarm/`) && payload["status"] === status)
        .map(({ topic }) => topic.split("/").at(-1)),
    );
  const all = new Set(["capture", "disk", "panel"]);
  await eventually(() => alarms("active").size === 3, "they are still known", 40_000);
  assert.deepEqual(alarms("active"), all);
  await eventually(() => alarms("cleared").size === 3, "all are cleared", 100_000);
  assert.deepEqual(alarms("cleared"), all);
});
