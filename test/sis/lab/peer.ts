import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import {
  type AddressInfo,
  createConnection,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** Where a server listens on loopback; disposing ends it and every connection to it. */
export interface Peer extends AsyncDisposable {
  readonly port: number;
}

/** A certificate of test/sis/lab/tls by its name, and the key of them all. */
export function certificate(name: string): { readonly cert: Buffer; readonly key: Buffer } {
  const read = (file: string) => readFileSync(new URL(`tls/${file}`, import.meta.url));
  return { cert: read(`${name}.pem`), key: read("server.key") };
}

/** A WebSocket server that accepts every upgrade. */
export async function startService(
  onConnection: (socket: WebSocket, request: IncomingMessage) => void,
  options: { readonly autoPong?: boolean; readonly certificate?: string } = {},
): Promise<Peer> {
  const server =
    options.certificate === undefined ? createServer() : createSecureServer(certificate(options.certificate));
  const sockets = new WebSocketServer({ server, autoPong: options.autoPong ?? true });
  sockets.on("connection", (socket, request) => {
    socket.on("error", () => {});
    onConnection(socket, request);
  });
  return listen(server);
}

/** An HTTP server that answers upgrades, and everything else, with `answer`. */
export async function startWeb(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: { readonly certificate?: string } = {},
): Promise<Peer> {
  // Without a listener for `upgrade`, Node treats the request as any other.
  return listen(
    options.certificate === undefined
      ? createServer(answer)
      : createSecureServer(certificate(options.certificate), answer),
  );
}

/** A TCP server, which leaves it to `onConnection` to end its side. */
export async function startRaw(onConnection: (socket: Socket) => void): Promise<Peer> {
  return listen(createTcpServer({ allowHalfOpen: true }, onConnection));
}

/** A TCP proxy that can fall silent: connections stay, nothing passes any more. */
export async function startProxy(target: Peer): Promise<Peer & { freeze(): void }> {
  const pipes: [Socket, Socket][] = [];
  const peer = await startRaw((near) => {
    const far = createConnection({ host: "127.0.0.1", port: target.port });
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
    pipes.push([near, far]);
  });
  return {
    ...peer,
    freeze() {
      for (const [near, far] of pipes) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    [Symbol.asyncDispose]: async () => peer[Symbol.asyncDispose](),
  };
}

async function listen(server: Server | TcpServer): Promise<Peer> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => connections.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}
