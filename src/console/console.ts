import { randomUUID, X509Certificate } from "node:crypto";
import { type Clock, instantOf, pause } from "../base/clock.ts";
import { Fault, printable, toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { isLoopback } from "../base/loopback.ts";
import type { Random } from "../base/random.ts";
import { assertAccess, type BrokerAccess } from "../fleet/broker-access.ts";
import { type BrokerTimings, brokerTimings } from "../fleet/broker-policy.ts";
import { commandLifeMs, commandOf } from "./commands.ts";
import { Door } from "./door.ts";
import { startFeed } from "./feed.ts";
import { Hub } from "./hub.ts";
import { FleetModel } from "./model.ts";
import { openMetricsPage } from "./prometheus.ts";
import { startServer } from "./server.ts";
import { commandTopic } from "./topic.ts";
import { type BrokerState, detailOf, type Glance, type Row, rowsOf } from "./wire.ts";

// The room's front: the fleet as one broker tells it (model.ts, fed by feed.ts), and those who look at it: web pages
// (server.ts, hub.ts, page/), a terminal (table.ts), Prometheus, programs.

export interface FleetViewOptions {
  readonly access: BrokerAccess;
  readonly mostDevices: number;
  readonly allowCommands: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The fleet, kept up to date. */
export interface FleetView extends AsyncDisposable {
  readonly model: FleetModel;
  glance(): Glance;
  rows(): readonly Row[];
  /** Resolves when everything that the broker keeps was heard; rejects with the first Fault before that. */
  readonly complete: Promise<void>;
  /** Sends a command. @throws {Fault} @returns its id */
  command(key: string, asked: unknown): Promise<string>;
}

const tickMs = 1_000;

/** As devices do, but a person waits: never for long. */
function timings(): BrokerTimings {
  const retry = Object.fromEntries(
    Object.entries(brokerTimings.retry).map(([kind, policy]) => [
      kind,
      { atLeastMs: 0, baseMs: Math.min(policy.baseMs, 5_000), capMs: 30_000 },
    ]),
  );
  return { ...brokerTimings, retry: { ...brokerTimings.retry, ...retry } };
}

/** Begins to follow the fleet. @throws {Fault} config-invalid: an access that can never work */
export function followFleet(options: FleetViewOptions): FleetView {
  const { access, mostDevices, allowCommands, clock, random, logger } = options;
  assertReachable(access);
  const model = new FleetModel({ mostDevices });
  const completed = Promise.withResolvers<void>();
  completed.promise.catch(() => {});
  let broker: BrokerState = { connected: false, complete: false, trouble: "connecting" };
  const stopping = new AbortController();

  const feed = startFeed(
    { access, clientId: `sis-console-${randomUUID().slice(0, 8)}`, clock, random, timings: timings() },
    {
      snapshotBegins() {
        logger.info("connected to the MQTT broker");
        broker = { connected: true, complete: false, trouble: "" };
        model.snapshotBegins();
      },
      received: (topic, payload) => {
        model.receive(topic, payload, instantOf(clock));
      },
      snapshotEnds() {
        model.snapshotEnds(instantOf(clock));
        model.tick(instantOf(clock));
        broker = { connected: true, complete: true, trouble: "" };
        completed.resolve();
      },
      lost(cause, retryInMs) {
        const fault = inOwnWords(cause);
        logger.warn(fault.message, { code: fault.code, hint: fault.hint, retry_in_ms: retryInMs });
        broker = { connected: false, complete: false, trouble: fault.message };
        completed.reject(fault);
      },
    },
  );

  async function keepTime(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(clock, tickMs, stopping.signal);
      model.tick(instantOf(clock));
    }
  }
  const ticking = keepTime();

  return {
    model,
    glance: () => ({ ...model.overview(), broker, mostDevices, allowCommands, nowMs: clock.wallMs() }),
    rows: () => rowsOf(model),
    complete: completed.promise,
    async command(key, asked) {
      if (!allowCommands)
        throw new Fault("command-forbidden", "this console only looks: start it with --allow-commands");
      const device = model.device(key);
      if (device === null) throw new Fault("config-invalid", "there is no such device");
      const { name, payload } = commandOf(asked, clock.wallMs());
      const id = randomUUID();
      await feed.publish(commandTopic(device, name, id), payload, commandLifeMs / 1000);
      logger.info("sent a command", { device: printable(device.device), name, id });
      return id;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all([feed.stop(), ticking]);
    },
  };
}

export interface PageOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly token: string | null;
  readonly clock: Clock;
}

export interface Page extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

const shortestToken = 20;

/**
 * Serves the fleet as a web page. @throws {Fault} config-invalid: it could be reached from elsewhere without token and
 * TLS; address-unavailable
 */
export async function servePage(view: FleetView, options: PageOptions): Promise<Page> {
  const { host, port, tls, token, clock } = options;
  assertGuarded(options);
  await using scope = new AsyncDisposableStack();
  const hub = scope.use(new Hub(view.model, clock, () => view.glance()));
  const metrics = await openMetricsPage(view.model, () => view.glance().broker);
  const server = await startServer({
    host,
    port,
    tls,
    hub,
    door: new Door({ tls: tls !== null, names: tls === null ? [] : namesIn(tls.cert), token, clock }),
    answers: {
      fleet: () => ({ ...view.glance(), list: view.rows() }),
      device(key) {
        const device = view.model.device(key);
        return device === null ? null : detailOf(device);
      },
      metrics: () => metrics.text(),
      command: (key, asked) => view.command(key, asked),
    },
  });
  scope.use(server);
  const held = scope.move();
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${tls === null ? "http" : "https"}://${shown}:${server.port}/`,
    port: server.port,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Throws Fault `config-invalid` for a page that could be reached from elsewhere without token and TLS. */
export function assertGuarded({ host, tls, token }: Pick<PageOptions, "host" | "tls" | "token">): void {
  if (token !== null && token.length < shortestToken) {
    throw new Fault("config-invalid", `the token of --token-file is shorter than ${shortestToken} characters`, {
      hint: "Make one: openssl rand -hex 24",
    });
  }
  if (isLoopback(host) || (tls !== null && token !== null)) return;
  throw new Fault("config-invalid", `--listen ${printable(host)} can be reached from elsewhere`, {
    hint: "Add --token-file, --tls-cert and --tls-key, or listen on 127.0.0.1.",
  });
}

/** The DNS names that a certificate is for. @throws {Fault} config-invalid */
function namesIn(pem: string): readonly string[] {
  try {
    const { subjectAltName = "" } = new X509Certificate(pem);
    return [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name);
  } catch (cause) {
    throw new Fault("config-invalid", `--tls-cert holds no certificate: ${toFault(cause).message}`, { cause });
  }
}

function assertReachable(access: BrokerAccess): void {
  try {
    assertAccess(access);
  } catch (error) {
    throw inOwnWords(toFault(error));
  }
}

/** Faults of the broker speak of an agent's settings; here, options stand in their place. */
function inOwnWords(fault: Fault): Fault {
  const translated = (text: string) =>
    text
      .replaceAll("mqtt.url", "--mqtt")
      .replaceAll(/mqtt\.([a-z]+)_file/g, "--$1-file")
      .replaceAll(/mqtt\.([a-z]+)/g, "--$1");
  return new Fault(fault.code, translated(fault.message), { hint: translated(fault.hint), cause: fault });
}
