import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { accountNumbers, numberSound, plainNumbers } from "../../../src/simulator/numbers.ts";
import { startSimulator } from "../../../src/simulator/simulator.ts";
import { startAgentProcess } from "./agent-process.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

const shape = plainNumbers(16_000);
const catchUpRate = 3;

/** What an outage cost. Times are of the source's clock, `speed` times as fast as ours. */
export interface OutageResult {
  /** From the end of the outage until the newest transcript was as new as before it. */
  readonly liveAgainMs: number;
  /** What waited when the connection was there again. */
  readonly backlogMs: number;
  /** How much the process grew while the service was away, bytes. */
  readonly grownBytes: number;
}

/** A sound played `speed` times as fast as it was spoken, and a service that is away for a part of it: all of it is heard, once. */
export async function surviveOutage(plan: {
  readonly speed: number;
  readonly memorySeconds: number;
  readonly outageMs: number;
}): Promise<OutageResult> {
  const { speed, memorySeconds, outageMs } = plan;
  const beforeMs = 10_000 * speed;
  const afterMs = outageMs / (catchUpRate - 1) + 20_000 * speed;
  const count = Math.floor((beforeMs + outageMs + afterMs) / shape.everyMs);
  await using service = await startSimulator();
  await using wire = await startTcpProxy(service.port);
  await using agent = await startAgentProcess({
    config: `[sis]\nendpoint = "ws://127.0.0.1:${wire.port}"\nproject_id = "p"
[audio]\nsource = "file"\npath = "{{wav}}"\nspeed = ${speed}
[buffer]\nmemory_seconds = ${memorySeconds}\ncatch_up_rate = ${catchUpRate}`,
    sound: { samples: numberSound(count, shape), sampleRate: shape.sampleRate },
  });
  const pid = agent.child.pid ?? 0;
  const newestMs = () =>
    Math.max(
      0,
      ...agent.lines.filter((line) => line.final).map((line) => Number(line.text.split(" ").at(-1)) * shape.everyMs),
    );
  await agent.until("live", () => newestMs() > beforeMs / 2);
  const startMs = performance.now() - newestMs() / speed;
  const spokenMs = () => (performance.now() - startMs) * speed;
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms / speed));
  await wait(beforeMs - spokenMs());
  wire.let(false);
  wire.cut();
  // What it is made of in an outage is there after a fifth of it; from then on it must not grow beyond its memory.
  await wait(outageMs / 5);
  const earlyBytes = residentBytes(pid);
  await wait((outageMs * 4) / 5);
  const grownBytes = residentBytes(pid) - earlyBytes;
  wire.let(true);
  const readsAt = agent.log.length;
  await agent.until("connected again", () => agent.log.slice(readsAt).includes("recognition: streaming"), 90_000);
  const reconnectedMs = spokenMs();
  const backlogMs = reconnectedMs - newestMs();
  const lagMs = 2_000 * speed;
  await agent.until("live again", () => spokenMs() - newestMs() < lagMs, 240_000);
  const liveAgainMs = spokenMs() - reconnectedMs;
  assert.equal(await agent.exit(240_000), 0, agent.log);
  assert.deepEqual(
    accountNumbers(count, agent.texts, shape.digits),
    { sent: count, heard: count, lost: 0, doubled: 0, outOfOrder: 0, other: 0 },
    agent.log,
  );
  return { liveAgainMs, backlogMs, grownBytes };
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
