import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quietPort } from "./quiet-port.ts";

const program = "nats-server";

/** Why tests with a cluster are skipped; false: they run. */
export const natsMissing: string | false =
  spawnSync(program, ["--version"]).status === 0 ? false : "nats-server is not installed: apt-get install nats-server";

/** Three brokers that replicate everything, behind one address. */
export interface NatsCluster extends AsyncDisposable {
  /** MQTT 3.1.1. Each new connection goes to the next node that is there. */
  readonly url: string;
  /** Connections that go to the node. */
  connections(node: number): number;
  /** Ends the node as a power cut would. */
  kill(node: number): Promise<void>;
}

const nodes = [0, 1, 2] as const;

export async function startNatsCluster(): Promise<NatsCluster> {
  const folder = mkdtempSync(join(tmpdir(), "nats-"));
  const ports = await Promise.all(
    nodes.map(async () => ({ client: await quietPort(), route: await quietPort(), mqtt: await quietPort() })),
  );
  const routes = ports.map(({ route }) => `nats://127.0.0.1:${route}`).join(", ");
  let said = "";
  const children = ports.map(({ client, route, mqtt }, node) => {
    const file = join(folder, `node-${node}.conf`);
    writeFileSync(
      file,
      `server_name: node${node}\nlisten: "127.0.0.1:${client}"\njetstream { store_dir: "${folder}/store-${node}" }\n` +
        `mqtt { listen: "127.0.0.1:${mqtt}" }\ncluster { name: fleet, listen: "127.0.0.1:${route}", routes: [${routes}] }\n`,
    );
    const child = spawn(program, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    return child;
  });
  const balancer = await startBalancer(ports.map(({ mqtt }) => mqtt));
  const kill = async (child: ChildProcess | undefined) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  const cluster: NatsCluster = {
    url: `mqtt://127.0.0.1:${balancer.port}`,
    connections: balancer.connections,
    kill: (node) => kill(children[node]),
    async [Symbol.asyncDispose]() {
      await balancer.close();
      await Promise.all(children.map(kill));
      rmSync(folder, { recursive: true });
    },
  };
  try {
    await until(
      () => said.includes("JetStream cluster new metadata leader"),
      () => said,
    );
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

/** Gives each connection to the next of the ports at which someone listens. */
async function startBalancer(targets: readonly number[]) {
  let turn = 0;
  const open = new Map<Socket, number>();
  async function reach(): Promise<readonly [Socket, number] | null> {
    for (let tries = 0; tries < targets.length; tries += 1) {
      const node = turn++ % targets.length;
      const socket = connect(targets[node] ?? 0, "127.0.0.1");
      const reached = await once(socket, "connect").then(
        () => true,
        () => false,
      );
      if (reached) return [socket, node];
    }
    return null;
  }
  const server: Server = createServer((near) => {
    near.on("error", () => {});
    near.pause();
    void reach().then((reached) => {
      if (reached === null) return near.destroy();
      const [far, node] = reached;
      open.set(near, node);
      far.on("error", () => {});
      near.on("close", () => {
        open.delete(near);
        far.destroy();
      });
      far.on("close", () => near.destroy());
      near.pipe(far);
      return far.pipe(near);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connections: (node: number) => [...open.values()].filter((each) => each === node).length,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open.keys()) socket.destroy();
      await closed;
    },
  };
}

async function until(condition: () => boolean, said: () => string): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`the cluster does not come up: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 50)); // between two looks
  }
}
