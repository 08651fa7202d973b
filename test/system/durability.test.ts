import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { fedAgent, shape } from "./lab/fed-agent.ts";
import { startTcpProxy } from "./lab/tcp-proxy.ts";

const sounds = (stateDir: string) =>
  readdirSync(path.join(stateDir, "audio")).filter((name) => name.endsWith(".sound"));

test("killed again and again, with sound always on disk: nothing is lost, nothing is told twice under two names", async () => {
  await using service = await startSimulator();
  await using agent = await fedAgent(
    `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[buffer]\ndisk = "always"\nflush_ms = 200`,
  );
  for (const _ of [1, 2, 3, 4]) {
    await agent.start();
    const before = agent.lines.length;
    await agent.feed(3 * shape.everyMs);
    // In the moment in which a transcript is told, it is not yet on disk that it was.
    await agent.until("a transcript", () => agent.lines.length > before);
    await agent.kill();
  }
  await agent.start();
  await agent.feed(2 * shape.everyMs);
  await agent.finish();
  agent.assertAllHeard();
  assert.deepEqual(sounds(agent.stateDir), [], "what is recognised is deleted");
});

test("stopped while the service is away: sound waits on disk for the next start, and has the time of its speaking", async () => {
  await using service = await startSimulator();
  await using wire = await startTcpProxy(service.port);
  await using agent = await fedAgent(`[sis]\nendpoint = "ws://127.0.0.1:${wire.port}"\nproject_id = "p"`);
  await agent.start();
  await agent.feed(2 * shape.everyMs);
  await agent.until("the first transcript", () => agent.lines.length > 0);
  wire.let(false);
  wire.cut();
  const awayMs = Date.now();
  await agent.feed(5 * shape.everyMs);
  const { code, tookMs, log } = await agent.stop();
  assert.equal(code, 0, log);
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  assert.ok(!log.includes("sound was lost"), log);
  const stoppedMs = Date.now();
  wire.let(true);
  await agent.start();
  await agent.feed(shape.everyMs);
  await agent.finish();
  agent.assertAllHeard();
  const resumed = agent.lines.filter((line) => line.resumed && line.final);
  assert.ok(resumed.length >= 4, JSON.stringify(agent.lines));
  for (const { start, end } of resumed) {
    assert.ok(Date.parse(start) >= awayMs - 3_000 && Date.parse(end) <= stoppedMs, `${start} to ${end}`);
  }
  assert.deepEqual(sounds(agent.stateDir), []);
});

test("without a disk, a stop in an outage loses what waits, and says so", async () => {
  await using service = await startSimulator();
  await using wire = await startTcpProxy(service.port);
  wire.let(false);
  await using agent = await fedAgent(
    `[sis]\nendpoint = "ws://127.0.0.1:${wire.port}"\nproject_id = "p"\n[buffer]\ndisk = "off"`,
  );
  await agent.start();
  await agent.feed(2_000);
  const { log } = await agent.stop();
  assert.match(log, /sound was lost.*"cause":"stopped"|"cause":"stopped".*sound was lost/);
  assert.throws(() => sounds(agent.stateDir), { code: "ENOENT" });
});
