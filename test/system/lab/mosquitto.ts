import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quietPort } from "./quiet-port.ts";

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
  /** With a certificate for localhost, by a CA of its own; or with one of the tests' CA, good or not. */
  readonly tls?: boolean | "good" | "expired" | "future" | "other-host" | "self-signed";
  /** Clients must show a certificate of the broker's CA; its CN is their user name. With `tls`. */
  readonly clientCertificates?: boolean;
  /** Lines of an ACL file; what they do not allow is refused. */
  readonly acl?: readonly string[];
  /**
   * A configuration for `/etc/mosquitto/conf.d/`, and its ACL: used as it is, but for where files and ports are. `certificates`: a
   * folder in place of `/etc/mosquitto/certs`, which the broker then reads as the user that it always is, as on a machine of its
   * own (root alone can start it so); default: of the tests' making.
   */
  readonly shipped?: { readonly conf: string; readonly acl: string; readonly certificates?: string };
  /** Messages that may wait for a client; mosquitto's own default: 1,000. */
  readonly queue?: number;
  /** Remembers retained messages, sessions and what waits for them over a restart. */
  readonly persistence?: boolean;
}

/** A real mosquitto on loopback, on a port of its own, that remembers nothing unless it is asked to. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** PEM of the CA behind its certificate; empty without TLS. */
  readonly ca: string;
  /** Ends the broker as a service manager would. It keeps its port for `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Takes up another ACL, as `systemctl reload` does. */
  reload(acl: readonly string[]): void;
  /** A client's certificate and key (PEM) of the broker's CA, or of another one; good for a day, or past. */
  issue(
    name: string,
    how?: { readonly expired?: boolean; readonly otherCa?: boolean },
  ): {
    readonly cert: string;
    readonly key: string;
  };
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
  const port = await quietPort();
  const isTls = options.shipped !== undefined || (options.tls !== undefined && options.tls !== false);
  const text =
    options.shipped === undefined ? configuration(folder, port, options) : adapted(folder, port, options.shipped);
  writeFileSync(join(folder, "mosquitto.conf"), text);
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
    const deadlineMs = performance.now() + 30_000;
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
    url: isTls ? `mqtts://localhost:${port}` : `mqtt://127.0.0.1:${port}`,
    ca:
      options.shipped?.certificates === undefined
        ? serverFiles(folder, isTls ? (options.tls ?? true) : false).caText
        : "",
    start,
    stop,
    reload(acl) {
      writeFileSync(join(folder, "acl"), `${acl.join("\n")}\n`, { mode: 0o600 });
      child?.kill("SIGHUP");
    },
    issue: (name, how = {}) => issueClient(folder, name, how),
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
  const lines = ["log_dest stderr", `listener ${port} 127.0.0.1`];
  if (options.persistence === true) lines.unshift("persistence true", `persistence_location ${folder}/`);
  else lines.unshift("persistence false");
  // As root it would become another user, who cannot read its files.
  if (process.getuid?.() === 0) lines.push("user root");
  if (options.users === undefined && options.tls === undefined) lines.push("allow_anonymous true");
  else if (options.users !== undefined) {
    const file = join(folder, "passwords");
    writeFileSync(file, "", { mode: 0o600 });
    for (const [user, password] of Object.entries(options.users)) run("mosquitto_passwd", "-b", file, user, password);
    lines.push("allow_anonymous false", `password_file ${file}`);
  }
  if (options.queue !== undefined) lines.push(`max_queued_messages ${options.queue}`);
  if (options.acl !== undefined) {
    writeFileSync(join(folder, "acl"), `${options.acl.join("\n")}\n`, { mode: 0o600 });
    lines.push(`acl_file ${join(folder, "acl")}`);
  }
  if (options.tls !== undefined && options.tls !== false) {
    makeCertificates(folder);
    const { cert, key } = serverFiles(folder, options.tls);
    lines.push(`cafile ${folder}/ca.crt`, `certfile ${cert}`, `keyfile ${key}`);
    if (options.clientCertificates === true) lines.push("require_certificate true", "use_identity_as_username true");
    else if (options.users === undefined) lines.push("allow_anonymous true");
  }
  return `${lines.join("\n")}\n`;
}

/** A configuration for a machine's own broker, for this folder and port in their place. */
function adapted(folder: string, port: number, shipped: NonNullable<MosquittoOptions["shipped"]>): string {
  const { conf, acl, certificates } = shipped;
  writeFileSync(join(folder, "acl"), acl, { mode: 0o600 });
  if (certificates === undefined) makeCertificates(folder);
  else letBrokerIn(folder);
  const places: readonly (readonly [string, string])[] = [
    ["listener 8883", `listener ${port} 127.0.0.1`],
    ...(certificates === undefined
      ? ([
          ["/etc/mosquitto/certs/fleet-ca.crt", join(folder, "ca.crt")],
          ["/etc/mosquitto/certs/broker.crt", join(folder, "server.crt")],
          ["/etc/mosquitto/certs/broker.key", join(folder, "server.key")],
        ] as const)
      : ([["/etc/mosquitto/certs", certificates]] as const)),
    ["/etc/mosquitto/sis-agent.acl", join(folder, "acl")],
    ["/var/lib/mosquitto/", `${folder}/`],
  ];
  for (const [place] of places) if (!conf.includes(place)) throw new Error(`the configuration does not name ${place}`);
  const own = places.reduce((text, [place, mine]) => text.replaceAll(place, mine), conf);
  return `${own}\nlog_dest stderr\n${process.getuid?.() === 0 && certificates === undefined ? "user root\n" : ""}`;
}

function letBrokerIn(folder: string): void {
  chmodSync(folder, 0o755);
  run("chown", "mosquitto:", join(folder, "acl"));
}

/** Certificates that something is wrong with. */
const oddCertificates = new URL("../../sis/lab/tls/", import.meta.url).pathname;

/** The broker's certificate and key, and the CA that a client is to trust for it. */
function serverFiles(folder: string, tls: MosquittoOptions["tls"]) {
  if (typeof tls !== "string") {
    const caText = tls === true ? readFileSync(join(folder, "ca.crt"), "utf8") : "";
    return { cert: join(folder, "server.crt"), key: join(folder, "server.key"), caText };
  }
  const odd = (name: string) => join(oddCertificates, name);
  return { cert: odd(`${tls}.pem`), key: odd("server.key"), caText: readFileSync(odd("ca.pem"), "utf8") };
}

const newKey = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function makeAuthority(folder: string, name: string): void {
  const path = (end: string) => join(folder, `${name}.${end}`);
  run("openssl", ...newKey, "-x509", "-subj", `/CN=test ${name}`, "-keyout", path("key"), "-out", path("crt"));
}

function makeCertificates(folder: string): void {
  const path = (name: string) => join(folder, name);
  makeAuthority(folder, "ca");
  run("openssl", ...newKey, "-subj", "/CN=localhost", "-keyout", path("server.key"), "-out", path("server.csr"));
  writeFileSync(path("names"), "subjectAltName=DNS:localhost\n");
  const signing = ["-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial", "-extfile", path("names")];
  run("openssl", "x509", "-req", "-in", path("server.csr"), ...signing, "-out", path("server.crt"));
}

function issueClient(folder: string, name: string, how: { readonly expired?: boolean; readonly otherCa?: boolean }) {
  const path = (end: string) => join(folder, `client-${name}.${end}`);
  const ca = how.otherCa === true ? "other-ca" : "ca";
  if (how.otherCa === true) makeAuthority(folder, ca);
  const authority = (end: string) => join(folder, `${ca}.${end}`);
  run("openssl", ...newKey, "-subj", `/CN=${name}`, "-keyout", path("key"), "-out", path("csr"));
  if (how.expired === true) {
    writeFileSync(join(folder, "index.txt"), "");
    writeFileSync(
      join(folder, "ca.cnf"),
      `[ca]\ndefault_ca = test\n[test]\ndatabase = ${folder}/index.txt\nnew_certs_dir = ${folder}\nrand_serial = yes\n` +
        "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n",
    );
    const dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"];
    const files = ["-cert", authority("crt"), "-keyfile", authority("key"), "-in", path("csr"), "-out", path("crt")];
    run("openssl", "ca", "-batch", "-notext", "-config", join(folder, "ca.cnf"), ...dates, ...files);
  } else {
    const signing = ["-CA", authority("crt"), "-CAkey", authority("key"), "-CAcreateserial", "-days", "1"];
    run("openssl", "x509", "-req", "-in", path("csr"), ...signing, "-out", path("crt"));
  }
  return { cert: readFileSync(path("crt"), "utf8"), key: readFileSync(path("key"), "utf8") };
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
