import { connectAsync, type IPublishPacket } from "mqtt";

/** A message as a fleet's monitor gets it. */
export interface Seen {
  readonly topic: string;
  /** The parsed payload. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly retain: boolean;
  readonly qos: number;
  readonly properties: IPublishPacket["properties"];
}

export interface MonitorOptions {
  readonly user?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A payload, parsed; throws where it is not a JSON object. */
export function asObject(payload: Buffer): Seen["payload"] {
  const parsed: unknown = JSON.parse(payload.toString());
  if (typeof parsed !== "object" || parsed === null) throw new Error(`not an object: ${payload.toString()}`);
  return Object.fromEntries(Object.entries(parsed));
}

/** A subscriber to everything below `sis/v1/`, which keeps what it gets. */
export interface Monitor extends AsyncDisposable {
  readonly seen: readonly Seen[];
  /** The first message, from `from` on, for which `wanted` holds; rejects after 30 s. */
  find(wanted: (message: Seen) => boolean, from?: number): Promise<Seen>;
  /** Publishes to a device, at QoS 1. */
  publish(topic: string, payload: object | "", options?: { readonly retain?: boolean }): Promise<void>;
}

export async function startMonitor(url: string, options: MonitorOptions = {}): Promise<Monitor> {
  const { user, password, ca, cert, key } = options;
  const client = await connectAsync(url, {
    protocolVersion: 5,
    reconnectPeriod: 50,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  client.on("message", (topic, payload, { retain, qos, properties }) => {
    // What is only the other way round, or nothing at all, is no news of a device.
    if (payload.length === 0 || topic.includes("/dn/")) return;
    seen.push({ topic, payload: asObject(payload), retain, qos, properties });
    for (const look of waiting) look();
  });
  // Retained messages keep their flag, so that a test can tell a snapshot from news.
  await client.subscribeAsync("sis/v1/#", { qos: 1, rap: true });

  function find(wanted: (message: Seen) => boolean, from = 0): Promise<Seen> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = seen.slice(from).find(wanted);
        if (found === undefined) return;
        end();
        resolve(found);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no such message among ${JSON.stringify(seen.slice(from), null, 1)}`));
      }, 30_000);
      const end = () => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  }
  async function publish(topic: string, payload: object | "", options: { readonly retain?: boolean } = {}) {
    const text = payload === "" ? "" : JSON.stringify(payload);
    await client.publishAsync(topic, text, { qos: 1, retain: options.retain ?? false });
  }

  return { seen, find, publish, [Symbol.asyncDispose]: () => client.endAsync() };
}
