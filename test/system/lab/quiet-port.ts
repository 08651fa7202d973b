import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const given = new Set<number>();

/**
 * A port of loopback at which nobody listens, for whoever cannot choose one himself, or comes back to it: none of those
 * that the system gives to connections and to listeners at port 0, so that nobody gets it by chance meanwhile.
 */
export async function quietPort(): Promise<number> {
  const [first = 32_768] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s/).map(Number);
  if (first < 4_000) throw new Error(`the system gives all ports from ${first} on to whoever asks`);
  for (;;) {
    const port = randomInt(Math.min(10_000, first - 2_000), first);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  return promise;
}
