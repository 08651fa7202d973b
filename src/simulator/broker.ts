import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";

/** A message that a client published. */
export interface PublishedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

export interface EmbeddedBrokerOptions {
  /** On loopback; 0: any free port. */
  readonly port: number;
  /** Hears every message of every client, wills too. */
  readonly onPublish: (message: PublishedMessage) => void;
}

/** An MQTT broker in this process. Disposing ends every connection and forgets everything. */
export interface EmbeddedBroker extends AsyncDisposable {
  readonly port: number;
  /** For `mqtt.url`. */
  readonly url: string;
}

/**
 * Starts a broker for MQTT 5 and 3.1.1 on 127.0.0.1, open to anyone on this machine: for demos and tests only.
 * Rejects with the socket's error when the port cannot be had.
 */
export async function startEmbeddedBroker({ port, onPublish }: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker();
  broker.on("publish", ({ topic, payload, retain }, client) => {
    if (client !== null) onPublish({ topic, payload: Buffer.from(payload), retain });
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    broker.handle(socket);
  });

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    await new Promise<void>((resolve) => broker.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  } catch (error) {
    await close();
    throw error;
  }
  const address = server.address();
  const taken = address !== null && typeof address === "object" ? address.port : port;
  return { port: taken, url: `mqtt://127.0.0.1:${taken}`, [Symbol.asyncDispose]: close };
}
