import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What becomes of bytes on a link. open: they pass. refused: nobody listens. silent: nothing passes, and nobody says
 * so. closing: whoever connects is shown out. stalled: the far end does not read, but speaks.
 */
type State = "open" | "refused" | "silent" | "closing" | "stalled";

interface Pair {
  readonly near: Socket;
  /** Null: the far end does not know of this connection. */
  readonly far: Socket | null;
}

/** The way of one client to its service: a TCP proxy of its own, which does wrong at a word. Disposing ends it. */
export class Link implements AsyncDisposable {
  readonly #farPort: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #state: State = "open";
  #port = 0;
  #mostUnread = 0;

  private constructor(farPort: number) {
    this.#farPort = farPort;
    this.#server = createServer((socket) => this.#onConnection(socket));
  }

  /** @param farPort where the service listens, on loopback */
  static async open(farPort: number): Promise<Link> {
    const link = new Link(farPort);
    await link.#listen();
    return link;
  }

  get port(): number {
    return this.#port;
  }

  /** The most bytes that the client had put into one connection without the far end having taken them. */
  get mostUnread(): number {
    return this.#mostUnread;
  }

  /** The client has put `bytes` into its connection from port `port` so far. */
  onWritten(port: number, bytes: number): void {
    for (const { near, far } of this.#pairs)
      if (near.remotePort === port) this.#mostUnread = Math.max(this.#mostUnread, bytes - (far?.bytesWritten ?? 0));
  }

  /** Every connection is reset; new ones are welcome. */
  reset(): void {
    for (const { near, far } of this.#pairs) {
      cut(near);
      far?.destroy();
    }
  }

  /** The server is gone: connections are reset, new ones refused. */
  async refuse(): Promise<void> {
    this.#state = "refused";
    this.reset();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  /** Connections are reset; who connects is accepted, and then shown out. */
  showOut(): void {
    this.#state = "closing";
    this.reset();
  }

  /** From now on nothing passes, and the service forgets who is connected; new connections are no better. */
  fallSilent(): void {
    this.#state = "silent";
    for (const pair of this.#pairs) {
      pair.near.unpipe();
      pair.near.pause();
      pair.far?.unpipe();
      pair.far?.destroy();
    }
  }

  /** The far end reads no more; what it says arrives. */
  stall(): void {
    this.#state = "stalled";
    for (const { near, far } of this.#pairs) if (far !== null) near.unpipe(far).pause();
  }

  /** All is well again. Whoever still holds on to a connection that the far end has forgotten learns of it. */
  async mend(): Promise<void> {
    const before = this.#state;
    this.#state = "open";
    if (before === "refused") await this.#listen();
    for (const { near, far } of this.#pairs) {
      if (before === "silent") cut(near);
      else if (before === "stalled" && far !== null) near.pipe(far);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reset();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #onConnection(near: Socket): void {
    near.on("error", () => {});
    if (this.#state === "closing") return void near.resume().end();
    const far = this.#state === "silent" ? null : connect(this.#farPort, "127.0.0.1");
    const pair: Pair = { near, far };
    this.#pairs.add(pair);
    near.once("close", () => {
      this.#pairs.delete(pair);
      far?.destroy();
    });
    if (far === null) return void near.pause();
    far.on("error", () => {});
    far.once("close", () => {
      // What a silent link has cut off does not learn that the service is done with it.
      if (this.#state !== "silent") near.destroySoon();
    });
    far.pipe(near);
    if (this.#state !== "stalled") near.pipe(far);
  }

  async #listen(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        const listening = once(this.#server, "listening");
        this.#server.listen(this.#port, "127.0.0.1");
        await listening;
        break;
      } catch (error) {
        // Meanwhile somebody may have been given the port for an outgoing connection.
        if (this.#port === 0 || tries > 500) throw error;
        await sleep(20);
      }
    }
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.#port = address.port;
  }
}

/** Resets a connection. Node would keep one open for ever that is reset while it is being ended. */
function cut(near: Socket): void {
  if (near.writableEnded) near.destroy();
  else near.resetAndDestroy();
}
