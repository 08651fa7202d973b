import { connect, createServer, type Socket } from "node:net";

/** A wire that can be tampered with, in front of a server on loopback. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Swallows whatever the server says from now on, on every connection there is. */
  silenceServer(): void;
  /** Resets every connection there is. */
  cut(): void;
  /** Whether new connections get through; at first they do. */
  let(through: boolean): void;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket }>();
  let open = true;
  const server = createServer((near) => {
    if (!open) {
      near.destroy();
      return;
    }
    const far = connect(target, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      socket.on("error", () => {}); // `close` follows
      socket.on("close", () => {
        near.destroy();
        far.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  function cut(): void {
    for (const { near } of pairs) near.resetAndDestroy();
  }
  return {
    port: address.port,
    cut,
    let(through) {
      open = through;
    },
    silenceServer() {
      for (const { near, far } of pairs) far.unpipe(near).resume();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
