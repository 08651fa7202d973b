import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian puts brokers where only root looks. */
const searchPath = `${process.env["PATH"] ?? ""}:/usr/sbin`;

/** Why tests with a real broker are skipped; false: they run. */
export const mosquittoMissing: string | false = ["mosquitto", "mosquitto_passwd", "openssl"].reduce<string | false>(
  (missing, program) => missing || (isInstalled(program) ? false : `${program} is not installed`),
  false,
);

export interface MosquittoOptions {
  /** User names with their passwords; without any, everyone is let in. */
  readonly users?: Readonly<Record<string, string>>;
  /** With a certificate for localhost, by a CA of its own. */
  readonly tls?: boolean;
  /** Lines of an ACL file; what they do not allow is refused. */
  readonly acl?: readonly string[];
}

/** A real mosquitto on loopback, on a port of its own, that remembers nothing. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** PEM of the CA behind its certificate; empty without TLS. */
  readonly ca: string;
  /** Ends the broker as a service manager would. It keeps its port for `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
  const port = await freePort();
  writeFileSync(join(folder, "mosquitto.conf"), configuration(folder, port, options));
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const started = spawn("mosquitto", ["-c", join(folder, "mosquitto.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, PATH: searchPath },
    });
    child = started;
    let said = "";
    started.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const deadlineMs = performance.now() + 5_000;
    while (!(await accepts(port))) {
      if (started.exitCode !== null) throw new Error(`mosquitto ended: ${said}`);
      if (performance.now() > deadlineMs) throw new Error(`mosquitto does not listen: ${said}`);
    }
  }

  async function stop(): Promise<void> {
    const running = child;
    child = null;
    if (running?.exitCode !== null) return;
    const exited = once(running, "exit");
    running.kill("SIGTERM");
    await exited;
  }

  async function dispose(): Promise<void> {
    await stop();
    rmSync(folder, { recursive: true });
  }

  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    port,
    url: options.tls ? `mqtts://localhost:${port}` : `mqtt://127.0.0.1:${port}`,
    ca: options.tls ? readFileSync(join(folder, "ca.crt"), "utf8") : "",
    start,
    stop,
    [Symbol.asyncDispose]: dispose,
  };
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: "pipe", env: { ...process.env, PATH: searchPath } });
}

function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH: searchPath } }).status === 0;
}

function configuration(folder: string, port: number, options: MosquittoOptions): string {
  const lines = ["persistence false", "log_dest stderr", `listener ${port} 127.0.0.1`];
  // As root it would become another user, who cannot read its files.
  if (process.getuid?.() === 0) lines.push("user root");
  if (options.users === undefined) lines.push("allow_anonymous true");
  else {
    const file = join(folder, "passwords");
    writeFileSync(file, "", { mode: 0o600 });
    for (const [user, password] of Object.entries(options.users)) run("mosquitto_passwd", "-b", file, user, password);
    lines.push("allow_anonymous false", `password_file ${file}`);
  }
  if (options.acl !== undefined) {
    writeFileSync(join(folder, "acl"), `${options.acl.join("\n")}\n`, { mode: 0o600 });
    lines.push(`acl_file ${join(folder, "acl")}`);
  }
  if (options.tls) {
    makeCertificates(folder);
    lines.push(`cafile ${folder}/ca.crt`, `certfile ${folder}/server.crt`, `keyfile ${folder}/server.key`);
  }
  return `${lines.join("\n")}\n`;
}

function makeCertificates(folder: string): void {
  const path = (name: string) => join(folder, name);
  const newKey = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("openssl", ...newKey, "-x509", "-subj", "/CN=test CA", "-keyout", path("ca.key"), "-out", path("ca.crt"));
  run("openssl", ...newKey, "-subj", "/CN=localhost", "-keyout", path("server.key"), "-out", path("server.csr"));
  writeFileSync(path("names"), "subjectAltName=DNS:localhost\n");
  const signing = ["-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial", "-extfile", path("names")];
  run("openssl", "x509", "-req", "-in", path("server.csr"), ...signing, "-out", path("server.crt"));
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
    await new Promise((resolve) => setTimeout(resolve, 20)); // between two tries
    return false;
  } finally {
    socket.destroy();
  }
}
