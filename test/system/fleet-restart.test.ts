import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sessionOf } from "../fleet/samples.ts";
import { startTestFleet } from "./lab/fleet.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { type Seen, startMonitor } from "./lab/mqtt-monitor.ts";
import { eventually } from "./lab/processes.ts";
import { startTcpProxy } from "./lab/tcp-proxy.ts";

const skip = mosquittoMissing;
const script = new URL("lab/fleet-process.ts", import.meta.url).pathname;
const isEvent = ({ topic }: Seen) => topic.endsWith("/event/session");

function folderOf(name: string) {
  const folder = mkdtempSync(join(tmpdir(), name));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

for (const protocol of [5, 4] as const) {
  test(`MQTT ${protocol}: events outlive an agent that is killed while the broker is away`, { skip }, async () => {
    using state = folderOf("fleet-state-");
    await using broker = await startMosquitto();
    await broker.stop();
    const child = spawn(process.execPath, [script, broker.url, String(protocol), state.folder, "3"], {
      stdio: "ignore",
    });
    const exited = once(child, "exit");
    const journal = join(state.folder, "outbox", "journal");
    await eventually(() => (statSync(journal, { throwIfNoEntry: false })?.size ?? 0) > 0, "the outbox is on disk");
    child.kill("SIGKILL");
    await exited;

    await broker.start();
    await using monitor = await startMonitor(broker.url); // before the device: events are not retained
    {
      await using device = startTestFleet({ url: broker.url, protocol }, { stateDir: state.folder, boot: "boot-2" });
      device.fleet.report(sessionOf("started"));
      await monitor.find((message) => isEvent(message) && message.payload["boot"] === "boot-2");
      await monitor.find((message) => isEvent(message) && message.payload["seq"] === 3);
    }
    const events = monitor.seen.filter(isEvent).map(({ payload }) => payload);
    const before = events.filter((payload) => payload["boot"] === "boot-1");
    assert.deepEqual(
      before.map((payload) => [payload["seq"], payload["replayed"]]),
      [1, 2, 3].map((seq) => [seq, true]),
    );
    assert.equal(events.length, 4);
    assert.equal(statSync(journal).size, 0, "what is delivered is gone from the disk");
  });
}

test("a broker that restarts and remembers: state and alarms are still there for whoever comes", { skip }, async () => {
  await using broker = await startMosquitto({ persistence: true });
  {
    await using device = startTestFleet({ url: broker.url, protocol: 5 });
    await device.logged("connected");
    device.fleet.notice({ type: "sound", health: "dead" });
    await using monitor = await startMonitor(broker.url);
    await monitor.find(({ topic }) => topic.endsWith("alarm/capture"));
  }
  await broker.stop();
  await broker.start();
  await using later = await startMonitor(broker.url);
  const alarm = await later.find(({ topic }) => topic.endsWith("alarm/capture"));
  assert.deepEqual([alarm.retain, alarm.payload["status"], alarm.payload["code"]], [true, "active", "microphone-dead"]);
  const state = await later.find(({ topic }) => topic.endsWith("/state"));
  assert.deepEqual([state.payload["online"], state.payload["reason"]], [false, "test over"]);
});

const mountable = spawnSync("unshare", ["-m", "true"]).status === 0;

test("a full disk, then a read-only one: nothing is lost while the agent runs, and the alarm says which", {
  skip: skip || (mountable ? false : "disks cannot be mounted here"),
}, async () => {
  using state = folderOf("fleet-disk-");
  const mount = (...args: readonly string[]) => assert.equal(spawnSync("mount", [...args, state.folder]).status, 0);
  mount("-t", "tmpfs", "-o", "size=8k", "tmpfs");
  try {
    await using broker = await startMosquitto();
    await using proxy = await startTcpProxy(broker.port);
    await using monitor = await startMonitor(broker.url);
    proxy.let(false);
    const url = `mqtt://127.0.0.1:${proxy.port}`;
    await using device = startTestFleet({ url, protocol: 5 }, { stateDir: state.folder });
    for (let count = 0; count < 60; count += 1) device.fleet.report(sessionOf("started"));
    const full = await device.logged("alarm raised");
    assert.deepEqual([full["type"], full["code"]], ["disk", "disk-full"]);
    proxy.let(true);
    await monitor.find((message) => isEvent(message) && message.payload["seq"] === 60);
    assert.equal(new Set(monitor.seen.filter(isEvent).map(({ payload }) => payload["seq"])).size, 60);
    await device.fleet.stop("test over");
    mount("-o", "remount,ro");
    await using readOnly = startTestFleet({ url: broker.url, protocol: 5 }, { stateDir: join(state.folder, "new") });
    readOnly.fleet.notice({ type: "sound", health: "dead" });
    const line = await readOnly.logged("read-only");
    assert.deepEqual([line["type"], line["code"]], ["disk", "disk-read-only"]);
  } finally {
    spawnSync("umount", [state.folder]);
  }
});
