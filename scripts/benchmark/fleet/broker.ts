import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A mosquitto for the benchmark, which keeps what is retained over a restart, as a fleet's broker does. */
export interface BenchBroker extends AsyncDisposable {
  readonly url: string;
  pid(): number;
  /** Kills it, as a crash or a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startBroker(): Promise<BenchBroker> {
  const folder = mkdtempSync(join(tmpdir(), "sis-bench-broker-"));
  const port = await freePort();
  const lines = [
    "per_listener_settings false",
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "log_type error",
    "persistence true",
    `persistence_location ${folder}/`,
    "autosave_interval 1",
    // As device/mosquitto has them.
    "max_queued_messages 200000",
    "max_queued_bytes 268435456",
    "max_packet_size 65536",
  ];
  if (process.getuid?.() === 0) lines.push("user root");
  writeFileSync(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const path = `${process.env["PATH"] ?? ""}:/usr/sbin`;
    const started = spawn("mosquitto", ["-c", join(folder, "mosquitto.conf")], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, PATH: path },
    });
    started.on("error", () => {});
    child = started;
    for (let tries = 0; !(await accepts(port)); tries += 1) {
      if (started.exitCode !== null || started.pid === undefined || tries > 500)
        throw new Error("mosquitto does not start: is it installed (scripts/setup --test)?");
      await sleep(20);
    }
  }

  async function kill(): Promise<void> {
    const running = child;
    child = null;
    if (running?.exitCode !== null || running.pid === undefined) return;
    const exited = once(running, "exit");
    running.kill("SIGKILL");
    await exited;
  }

  await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    pid: () => child?.pid ?? 0,
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
