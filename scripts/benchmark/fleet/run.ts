import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../figures.ts";
import { cpuMs, peakMegabytes } from "../process-figures.ts";
import { startBroker } from "./broker.ts";
import { startConsole } from "./console.ts";
import { startCrowd } from "./crowd.ts";

export interface FleetResult {
  readonly devices: number;
  readonly seconds: number;
  /** That came, of those that were raised: what does not come is in no quantile. */
  readonly alarms: number;
  readonly raised: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly brokerCpuPercent: number;
  readonly brokerMegabytes: number;
  readonly consoleCpuPercent: number;
  readonly consoleMegabytes: number;
  /** From the moment when all devices lose the service until the console shows them all in one outage. */
  readonly stormMs: number;
  readonly outage: string;
  readonly downSeconds: number;
  readonly attemptsWhileDown: number;
  /** After the restart: tries to connect in each second. */
  readonly attempts: readonly number[];
  /** From the restart until every device is connected, and the console knows of all their alarms. */
  readonly backMs: number;
}

export interface FleetRun {
  readonly devices: number;
  readonly seconds: number;
  readonly downSeconds: number;
  readonly say: (text: string) => void;
}

const alarmsPerSecond = 20;
const patienceMs = 300_000;

/** Runs the whole benchmark: quiet operation with single alarms, a storm, a broker that is killed and comes back. */
export async function runFleet({ devices, seconds, downSeconds, say }: FleetRun): Promise<FleetResult> {
  await using broker = await startBroker();
  await using console = await startConsole(broker.url);
  await using crowd = startCrowd(broker.url, devices, Math.max(2_000, devices));
  const streaming = () => console.glance()?.phases["streaming"] ?? 0;
  const serviceAlarms = () => console.glance()?.alarms["service"] ?? 0;

  say(`connecting ${devices} devices`);
  await until("all devices are connected and seen", () => crowd.connected() === devices && streaming() === devices);

  say(`${seconds} s of operation, ${alarmsPerSecond} alarms a second`);
  console.takeLatencies();
  const before = { broker: cpuMs(broker.pid()), console: cpuMs(console.pid), atMs: performance.now() };
  crowd.tell({ do: "alarms", perSecond: alarmsPerSecond, seconds });
  await sleep(seconds * 1000);
  const tookMs = performance.now() - before.atMs;
  const brokerCpuPercent = ((cpuMs(broker.pid()) - before.broker) / tookMs) * 100;
  const consoleCpuPercent = ((cpuMs(console.pid) - before.console) / tookMs) * 100;
  await sleep(4_000);
  const latencies = console.takeLatencies();

  say("all devices lose the service at once");
  const stormStart = performance.now();
  crowd.tell({ do: "storm" });
  await until(
    "the console shows all of them",
    () => serviceAlarms() === devices && console.glance()?.outages[0]?.devices === devices,
  );
  const stormMs = performance.now() - stormStart;
  const outage = console.glance()?.outages[0]?.text ?? "";

  say(`the broker is killed, and is away for ${downSeconds} s`);
  const killedAt = Math.floor(Date.now() / 1000);
  await broker.kill();
  await until("all devices have noticed", () => crowd.connected() === 0);
  await sleep(downSeconds * 1000);
  const restartedAt = Math.ceil(Date.now() / 1000);
  await broker.start();
  const restartMs = performance.now();
  await until("all are back", () => {
    const { phases, broker: link } = console.glance() ?? {};
    const isWhole = link?.complete === true && phases?.["backing-off"] === devices && serviceAlarms() === devices;
    return isWhole && crowd.connected() === devices && crowd.waiting() === 0;
  });
  const backMs = performance.now() - restartMs;
  const tries = crowd.attempts();
  const count = (second: number) => tries.get(second) ?? 0;
  const last = Math.max(...tries.keys());
  const span = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, index) => count(from + index));

  crowd.tell({ do: "recover" });
  await until("the outage is over", () => streaming() === devices && console.glance()?.outages.length === 0);
  return {
    devices,
    seconds,
    alarms: latencies.length,
    raised: alarmsPerSecond * seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    brokerCpuPercent,
    brokerMegabytes: peakMegabytes(broker.pid()),
    consoleCpuPercent,
    consoleMegabytes: peakMegabytes(console.pid),
    stormMs,
    outage,
    downSeconds,
    attemptsWhileDown: Math.max(0, ...span(killedAt, restartedAt)),
    attempts: span(restartedAt, last + 1),
    backMs,
  };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`in vain: ${what}`);
    await sleep(100);
  }
}
