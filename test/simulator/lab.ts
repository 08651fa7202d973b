import { once } from "node:events";
import { createConnection } from "node:net";
import { WebSocket } from "ws";
import type { SimulatorOptions } from "../../src/simulator/options.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";

/** A message of the simulator, as it came: JSON, or `{ binary }`, or `{ text }` that is no JSON. */
export interface Message {
  readonly resp_type?: string;
  readonly trace_id?: string;
  readonly error_code?: string;
  readonly error_msg?: string;
  readonly event?: string;
  readonly reason?: string;
  readonly segments?: readonly {
    readonly start_time: number;
    readonly end_time: number;
    readonly is_final: boolean;
    readonly result?: {
      readonly text: string;
      readonly score: number;
      readonly word_info?: readonly { readonly start_time: number; readonly end_time: number; readonly word: string }[];
    };
  }[];
  readonly binary?: number;
  readonly text?: string;
}

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

export const plainConfig = { audio_format: "pcm16k16bit", property: "chinese_16k_general" };
const deadlineMs = 30_000;

/** A plain WebSocket client that remembers everything. */
export class Client {
  readonly messages: Message[] = [];
  readonly ended: Promise<Ending>;
  readonly ws: WebSocket;
  #read = 0;
  #wake = () => {};

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data: Buffer, isBinary: boolean) => {
      this.messages.push(isBinary ? { binary: data.length } : parsed(data.toString()));
      this.#wake();
    });
    ws.on("error", () => {});
    this.ended = new Promise((resolve) => {
      ws.on("close", (code: number, reason: Buffer) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  send(message: object | string): void {
    this.ws.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Sends START and waits for the answer. */
  async start(config: object = plainConfig): Promise<Message> {
    this.send({ command: "START", config });
    return this.next();
  }

  /** Sends sound in messages of `chunkBytes`. */
  sound(samples: Int16Array, chunkBytes = 3200): void {
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    for (let at = 0; at < bytes.length; at += chunkBytes) this.ws.send(bytes.subarray(at, at + chunkBytes));
  }

  /** The next message that was not read yet. */
  async next(): Promise<Message> {
    const until = performance.now() + deadlineMs;
    for (;;) {
      const message = this.messages[this.#read];
      if (message !== undefined) {
        this.#read++;
        return message;
      }
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error("closed before another message came");
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("no message in time")), until - performance.now());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Reads on up to the next message of this type. */
  async until(type: string): Promise<Message> {
    for (;;) {
      const message = await this.next();
      if (message.resp_type === type) return message;
    }
  }

  /** The types of all messages read and unread. */
  types(): string {
    return this.messages.map((message) => message.event ?? message.resp_type ?? "?").join(" ");
  }

  /** Final texts so far. */
  texts(): string[] {
    return this.messages.flatMap((message) =>
      (message.segments ?? []).flatMap((segment) => (segment.is_final && segment.result ? [segment.result.text] : [])),
    );
  }

  /** Resolves when the other end has dealt with everything that was sent. */
  async settled(): Promise<void> {
    this.ws.ping();
    await once(this.ws, "pong", { signal: AbortSignal.timeout(deadlineMs) });
  }
}

/** How an upgrade was refused. */
export interface Refused {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A simulator and clients for it; disposing ends all of them. */
export async function startLab(options: SimulatorOptions = {}) {
  const simulator = await startSimulator(options);
  const sockets = new Set<WebSocket>();

  function dial(path: string, headers: Readonly<Record<string, string>>): WebSocket {
    const ws = new WebSocket(`${simulator.url}${path}`, { headers: { ...headers } });
    sockets.add(ws);
    return ws;
  }

  return {
    simulator,
    /** Opens a connection. */
    async connect(stream = "continue-stream", headers: Readonly<Record<string, string>> = {}): Promise<Client> {
      const ws = dial(`/v1/project-1/rasr/${stream}`, headers);
      const client = new Client(ws);
      await once(ws, "open", { signal: AbortSignal.timeout(deadlineMs) });
      return client;
    },
    /** Opens a connection that must be refused. */
    async refused(
      path = "/v1/project-1/rasr/continue-stream",
      headers: Readonly<Record<string, string>> = {},
    ): Promise<Refused> {
      const ws = dial(path, headers);
      return new Promise((resolve, reject) => {
        ws.on("open", () => reject(new Error("was let in")));
        ws.on("error", reject);
        ws.on("unexpected-response", (_request, response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("end", () => {
            const { statusCode = 0, headers: got } = response;
            const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
            resolve({ status: statusCode, headers: got, body });
          });
        });
      });
    },
    /** What a TCP connection to the port leads to: "open", or the error's code. */
    async knock(): Promise<string> {
      const socket = createConnection(simulator.port, simulator.host);
      try {
        await once(socket, "connect", { signal: AbortSignal.timeout(deadlineMs) });
        return "open";
      } catch (error) {
        return error instanceof Error && "code" in error ? String(error.code) : "unknown";
      } finally {
        socket.destroy();
      }
    },
    async http(method: string, path: string, body?: string) {
      const init = { method, signal: AbortSignal.timeout(deadlineMs), ...(body !== undefined && { body }) };
      const response = await fetch(`${simulator.httpUrl}${path}`, init);
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Record<string, unknown>,
      };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const ws of sockets) ws.terminate();
      await simulator[Symbol.asyncDispose]();
    },
  };
}

/** Waits until `condition` holds, looking every few ms. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const until = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

function parsed(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return { text };
  }
}
