import assert from "node:assert/strict";
import { test } from "node:test";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { fedAgent, shape } from "./lab/fed-agent.ts";
import { freezingDisk } from "./lab/freezing-disk.ts";
import { startTcpProxy } from "./lab/tcp-proxy.ts";

test("a disk that hangs: an outage of twice the time that memory holds loses nothing", async (t) => {
  using disk = freezingDisk(t);
  if (disk === null) return;
  await using service = await startSimulator();
  await using wire = await startTcpProxy(service.port);
  await using agent = await fedAgent(
    `[sis]\nendpoint = "ws://127.0.0.1:${wire.port}"\nproject_id = "p"\n[buffer]\ndisk = "outage"\nmemory_seconds = 5`,
    disk.folder,
  );
  await agent.start();
  await agent.feed(2 * shape.everyMs);
  {
    using _frozen = disk.freeze();
    wire.let(false);
    wire.cut();
    await agent.feed(8 * shape.everyMs);
    wire.let(true);
    const before = agent.lines.length;
    await agent.until("a transcript, though the disk hangs", () => agent.lines.length > before);
    await agent.feed(2 * shape.everyMs);
    assert.ok(!agent.log.includes("sound was lost"), agent.log);
  }
  await agent.finish();
  agent.assertAllHeard();
});

test("a disk that hangs while all sound is kept on it: an alarm says so within seconds, and recognition goes on", async (t) => {
  using disk = freezingDisk(t);
  if (disk === null) return;
  await using service = await startSimulator();
  await using agent = await fedAgent(
    `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[buffer]\ndisk = "always"`,
    disk.folder,
  );
  await agent.start();
  await agent.feed(2 * shape.everyMs);
  {
    using _frozen = disk.freeze();
    await agent.feed(10 * shape.everyMs);
    await agent.until("an alarm", () => agent.log.includes('"code":"disk-slow"'));
    const before = agent.lines.length;
    await agent.feed(4 * shape.everyMs);
    await agent.until("a transcript, though the disk hangs", () => agent.lines.length > before);
  }
  await agent.until("the disk is well again", () => agent.log.includes("sound can be kept on disk again"));
  await agent.finish();
  agent.assertAllHeard();
});
