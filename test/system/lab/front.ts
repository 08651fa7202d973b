import { connect, createServer, type Socket } from "node:net";

/** What stands between a device and a server: nothing much, or a network with a will of its own. */
export type FrontMode =
  | { readonly do: "pass"; readonly port: number }
  /** Answers each connection itself, as soon as it has said something. */
  | { readonly do: "answer"; readonly text: string }
  /** Accepts connections, and nothing more. */
  | { readonly do: "nothing" }
  /** Ends each connection as soon as it is there. */
  | { readonly do: "close" };

export interface Front extends AsyncDisposable {
  readonly port: number;
  /** From now on. Connections that are there go on, but for a freeze. */
  become(mode: FrontMode): void;
  /** Nothing passes any more on the connections that are there, and none of them ends. */
  freeze(): void;
  /** Says this to those who are connected, in the server's place, and ends their connections. */
  interject(bytes: Uint8Array): void;
  /** Ends the connections that are there. */
  cut(): void;
}

export async function startFront(first: FrontMode): Promise<Front> {
  let mode = first;
  const sockets = new Set<Socket>();
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket }>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // `close` follows
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    switch (mode.do) {
      case "pass": {
        const far = connect(mode.port, "127.0.0.1");
        keep(far);
        pairs.add({ near, far });
        near.pipe(far).pipe(near);
        near.on("close", () => far.destroy());
        far.on("close", () => near.end());
        break;
      }
      case "answer": {
        const { text } = mode;
        near.once("data", () => near.end(text));
        break;
      }
      case "nothing":
        near.resume();
        break;
      case "close":
        near.destroy();
        break;
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    pairs.clear();
  };
  return {
    port: address.port,
    become(next) {
      mode = next;
    },
    freeze() {
      for (const { near, far } of pairs) {
        near.unpipe(far).resume();
        far.unpipe(near).resume();
      }
    },
    interject(bytes) {
      for (const { near, far } of pairs) {
        far.unpipe(near).destroy();
        near.end(bytes);
      }
      pairs.clear();
    },
    cut,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
