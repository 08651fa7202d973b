/** A process of simulated devices; told what to do by scripts/bench fleet. */
import { setTimeout as sleep } from "node:timers/promises";
import { type SimulatedDevice, startDevice } from "./device.ts";
import type { Order, Tally } from "./orders.ts";

const devices: SimulatedDevice[] = [];
const attempts = new Map<number, number>();
let delivered = 0;

const events = {
  attempt() {
    const second = Math.floor(Date.now() / 1000);
    attempts.set(second, (attempts.get(second) ?? 0) + 1);
  },
  delivered() {
    delivered += 1;
  },
};

async function sleepUntil(dueMs: number): Promise<void> {
  const leftMs = dueMs - performance.now();
  if (leftMs > 0) await sleep(leftMs);
}

/** Spreads work over the devices, and over time. */
async function spread(
  over: readonly SimulatedDevice[],
  overMs: number,
  work: (device: SimulatedDevice) => void,
): Promise<void> {
  const startMs = performance.now();
  for (const [index, device] of over.entries()) {
    const dueMs = startMs + (index / over.length) * overMs;
    if (dueMs > performance.now() + 5) await sleepUntil(dueMs);
    work(device);
  }
}

async function raiseAlarms(perSecond: number, seconds: number): Promise<void> {
  const startMs = performance.now();
  for (let count = 0; count < perSecond * seconds; count += 1) {
    const dueMs = startMs + (count / perSecond) * 1000;
    await sleepUntil(dueMs);
    const device = devices[Math.floor((count * 7919) % devices.length)];
    // The code is the moment of its publication: what the console tells of it tells how long that took.
    device?.alarm("capture", "active", `at-${Date.now()}-${count}`);
    setTimeout(() => device?.alarm("capture", "cleared", "over"), 3_000).unref();
  }
}

async function carryOut(order: Order): Promise<void> {
  switch (order.do) {
    case "start":
      for (let index = 0; index < order.count; index += 1) {
        const dueMs = (order.overMs / order.count) * index;
        await sleepUntil(dueMs);
        const device = startDevice(order.url, `dev-${String(order.from + index).padStart(5, "0")}`, events);
        devices.push(device);
        device.phase("streaming");
      }
      for (;;) await spread(devices, 60_000, (device) => device.metrics());
    case "alarms":
      await raiseAlarms(order.perSecond, order.seconds);
      return undefined;
    case "storm":
      for (const device of devices) {
        device.error("SIS.0303");
        device.phase("backing-off");
      }
      // As long as the product waits before it raises the alarm.
      await sleep(2_000);
      for (const device of devices) device.alarm("service", "active", "SIS.0303");
      return undefined;
    case "recover":
      for (const device of devices) {
        device.alarm("service", "cleared", "SIS.0303");
        device.phase("streaming");
      }
      return undefined;
    case "stop":
      process.disconnect();
      // The broker is about to be ended, too: nobody waits for ten thousand goodbyes.
      return process.exit(0);
  }
}

process.on("message", (order: Order) => {
  carryOut(order).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
process.on("disconnect", () => process.exit(0));

setInterval(() => {
  const tally: Tally = {
    connected: devices.filter((device) => device.isConnected()).length,
    delivered,
    waiting: devices.reduce((sum, device) => sum + device.waiting(), 0),
    attempts: [...attempts],
  };
  process.send?.(tally);
}, 1_000);
