import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Order, Tally } from "./orders.ts";

const program = fileURLToPath(new URL("./devices.ts", import.meta.url));
/** Connections in a process: more than this is slow in one thread. */
const perProcess = 2_500;

/** All simulated devices, in as many processes as it takes. */
export interface Crowd extends AsyncDisposable {
  tell(order: Order): void;
  connected(): number;
  waiting(): number;
  delivered(): number;
  /** Tries to connect by the second (wall clock, s). */
  attempts(): ReadonlyMap<number, number>;
}

export function startCrowd(url: string, devices: number, overMs: number): Crowd {
  const tallies = new Map<ChildProcess, Tally>();
  const children: ChildProcess[] = [];
  for (let from = 0; from < devices; from += perProcess) {
    const child = fork(program, { stdio: "inherit" });
    child.on("message", (tally: Tally) => tallies.set(child, tally));
    child.on("error", () => {});
    child.send({ do: "start", url, from, count: Math.min(perProcess, devices - from), overMs } satisfies Order);
    children.push(child);
  }
  const sum = (of: (tally: Tally) => number) => [...tallies.values()].reduce((total, tally) => total + of(tally), 0);
  return {
    tell(order) {
      const share = order.do === "alarms" ? { ...order, perSecond: order.perSecond / children.length } : order;
      for (const child of children) if (child.connected) child.send(share);
    },
    connected: () => sum((tally) => tally.connected),
    waiting: () => sum((tally) => tally.waiting),
    delivered: () => sum((tally) => tally.delivered),
    attempts() {
      const all = new Map<number, number>();
      for (const { attempts } of tallies.values())
        for (const [second, count] of attempts) all.set(second, (all.get(second) ?? 0) + count);
      return all;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const exited = once(child, "exit");
          child.kill("SIGKILL");
          await exited;
        }),
      );
    },
  };
}
