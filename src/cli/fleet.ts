import { randomUUID } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { pause, systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { seededRandom } from "../base/random.ts";
import { readSecretFile, type SecretForm } from "../config/secret-file.ts";
import type { FleetView } from "../console/console.ts";
import type { BrokerAccess } from "../fleet/broker-access.ts";
import { drawsTable, watchFleet } from "./fleet-watch.ts";
import { createLogger, type LogLevel, logLevels, logStyle, silent } from "./logging.ts";
import { answer, print, steadyJson } from "./print.ts";

interface FleetFlags {
  readonly mqtt: string;
  readonly protocol: "4" | "5";
  readonly user?: string;
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly listen: Address;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly watch?: true;
  readonly json?: true;
  readonly allowCommands?: true;
  readonly maxDevices: number;
  readonly logLevel: LogLevel;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** `fleet`: what all devices say, as a web page, a table in the terminal, or JSON. */
export function fleetCommand(): Command {
  return new Command("fleet")
    .description("look at a fleet of devices: a web page, a terminal table, or JSON")
    .requiredOption("--mqtt <url>", "the fleet's MQTT broker: mqtt:// or mqtts://, host, port")
    .addOption(new Option("--protocol <version>", "5, or 4 for MQTT 3.1.1").choices(["5", "4"]).default("5"))
    .option("--user <name>", "user name at the broker")
    .option("--password-file <file>", "its password")
    .option("--ca-file <file>", "PEM: authorities that the broker's certificate may be of; default: the system's")
    .option("--cert-file <file>", "PEM: this console's own certificate, for brokers that want one")
    .option("--key-file <file>", "PEM: the key that belongs to it")
    .addOption(
      new Option("--listen <host:port>", "where the web page is served; port 0: any that is free")
        .argParser(addressOf)
        .default({ host: "127.0.0.1", port: 8080 }, "127.0.0.1:8080"),
    )
    .option("--token-file <file>", "who opens the page must show this token; needed beyond a loopback address")
    .option("--tls-cert <file>", "PEM: the page's certificate; needed beyond a loopback address")
    .option("--tls-key <file>", "PEM: the key that belongs to it")
    .addOption(
      new Option("--watch", "a table in the terminal instead of the web page").conflicts(["json", ...ofThePage]),
    )
    .addOption(new Option("--json", "print the fleet as one JSON object, and exit").conflicts(ofThePage))
    .option("--allow-commands", "let the page send commands to devices")
    .option("--max-devices <number>", "devices beyond this many are not shown", deviceCount, 20_000)
    .addOption(new Option("--log-level <level>", "of the log on stderr").choices(logLevels).default("info"))
    .addHelpText("after", help)
    .action(fleet);
}

/** What only the web page has a use for. */
const ofThePage = ["listen", "tokenFile", "tlsCert", "tlsKey", "allowCommands"];

const help = `
The first line on stdout tells where the page is: {"type":"listening","url":"http://127.0.0.1:8080/",…}.
It only looks, unless --allow-commands. /metrics is for Prometheus. SIGINT and SIGTERM end it. More: docs/console.md`;

async function fleet(flags: FleetFlags): Promise<void> {
  const logger = createLogger(flags.logLevel, logStyle(process.env, process.stderr.isTTY), (line) => {
    process.stderr.write(`${line}\n`);
  });
  const access = await accessOf(flags, logger);
  const page = await pageFiles(flags, logger);
  // Loaded only when it is needed: the other commands start faster.
  const { assertGuarded, followFleet } = await import("../console/console.ts");
  assertGuarded({ ...flags.listen, ...page });
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  const isQuiet = flags.json === true || (flags.watch === true && drawsTable(process.stdout, process.env));
  await using view = followFleet({
    access,
    mostDevices: flags.maxDevices,
    allowCommands: flags.allowCommands === true,
    clock: systemClock,
    random: seededRandom(randomUUID()),
    logger: isQuiet ? silent : logger,
  });
  if (flags.json === true) await tellOnce(view, stopping.signal);
  else if (flags.watch === true) {
    await watchFleet(view, process.stdout, { env: process.env, clock: systemClock, stop: stopping.signal });
  } else await servePages(view, flags, page, logger, stopping.signal);
}

async function tellOnce(view: FleetView, stop: AbortSignal): Promise<void> {
  const stopped = new Promise<"stopped">((resolve) => {
    stop.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  if ((await Promise.race([view.complete, stopped])) === "stopped") return;
  await answer(`${steadyJson({ ...view.glance(), list: view.rows() })}\n`);
}

async function servePages(
  view: FleetView,
  { listen }: FleetFlags,
  files: PageFiles,
  logger: Logger,
  stop: AbortSignal,
): Promise<void> {
  const { servePage } = await import("../console/console.ts");
  await using page = await servePage(view, { ...listen, ...files, clock: systemClock });
  await print(
    `${JSON.stringify({ type: "listening", url: page.url, port: page.port, metrics: `${page.url}metrics` })}\n`,
  );
  logger.info("the console is open", { url: page.url });
  while (!stop.aborted) await pause(systemClock, 3_600_000, stop);
}

async function accessOf(flags: FleetFlags, logger: Logger): Promise<BrokerAccess> {
  const { mqtt: url, user, passwordFile, caFile, certFile, keyFile } = flags;
  return {
    url,
    protocol: flags.protocol === "5" ? 5 : 4,
    user,
    password: await secret("--password-file", passwordFile, "line", logger),
    ca: await secret("--ca-file", caFile, "certificates", logger),
    cert: await secret("--cert-file", certFile, "certificates", logger),
    key: await secret("--key-file", keyFile, "private-key", logger),
  };
}

interface PageFiles {
  readonly token: string | null;
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

async function pageFiles({ tokenFile, tlsCert, tlsKey }: FleetFlags, logger: Logger): Promise<PageFiles> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, missing] = tlsKey === undefined ? ["--tls-cert", "--tls-key"] : ["--tls-key", "--tls-cert"];
    throw new Fault("config-invalid", `${given} is given, ${missing} is not`, {
      hint: "Give both: the page's certificate, and the key that belongs to it.",
    });
  }
  const cert = await secret("--tls-cert", tlsCert, "certificates", logger);
  const key = await secret("--tls-key", tlsKey, "private-key", logger);
  return {
    token: (await secret("--token-file", tokenFile, "line", logger)) ?? null,
    tls: cert === undefined || key === undefined ? null : { cert, key },
  };
}

/** @throws {Fault} config-invalid, config-unreadable, disk-failed, naming the option */
async function secret(option: string, file: string | undefined, form: SecretForm, logger: Logger) {
  if (file === undefined) return undefined;
  const found = await readSecretFile(file, form);
  if ("why" in found) throw new Fault(found.code, `${option}: ${found.why}`);
  if (found.exposed && form !== "certificates") logger.warn(`${option}: every user of this machine may read the file`);
  return found.text;
}

function addressOf(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const [host, port] = [match?.[1] ?? match?.[2], Number(match?.[3])];
  if (host === undefined || port > 65_535)
    throw new InvalidArgumentError("HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.");
  return { host, port };
}

function deviceCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 200_000)
    throw new InvalidArgumentError("A whole number from 1 to 200000.");
  return value;
}
