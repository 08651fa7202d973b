import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { Clock } from "../base/clock.ts";
import type { SimulatedFault } from "./faults.ts";

/** How the wire is. */
type State =
  | { readonly phase: "up" }
  /** Messages are held back, in order. */
  | { readonly phase: "stalled"; readonly held: (() => void)[] }
  /** Nothing is read and nothing is sent, not even pongs; TCP stays open. */
  | { readonly phase: "frozen" }
  | { readonly phase: "down" };

const wireFaults = [
  "garbage",
  "unknown-type",
  "binary",
  "oversized",
  "close",
  "accept-then-close",
  "reset",
  "half-open",
  "slow-reader",
  "stall",
] as const;

/** What goes wrong with a wire, whatever is said on it. */
export type WireFault = Extract<SimulatedFault, { kind: (typeof wireFaults)[number] }>;

export function isWireFault(fault: SimulatedFault): fault is WireFault {
  return wireFaults.some((kind) => kind === fault.kind);
}

/** What a wire tells. */
export interface WireListener {
  text(text: string): void;
  binary(bytes: Buffer): void;
  /** What one of our pings held has come back. */
  pong?(text: string): void;
  /** Once; nothing comes after it. */
  closed(code: number): void;
}

/** A peer that does not read is dropped beyond this many unsent bytes. */
const greatestBacklog = 16 * 1024 * 1024;
/** Messages held back while stalled; beyond this the connection is dropped. */
const greatestQueue = 10_000;
/** How long the client may take to answer our close, ms. */
const closeMs = 2000;

/** The server's end of a WebSocket, with the faults that networks have. Its timers end with it. */
export class Wire {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #timers = new Set<Disposable>();
  #state: State = { phase: "up" };

  constructor(ws: WebSocket, socket: Socket, clock: Clock, listener: WireListener) {
    this.#ws = ws;
    this.#socket = socket;
    this.#clock = clock;
    ws.on("message", (data: Buffer, isBinary: boolean) => {
      if (this.#state.phase === "frozen" || this.#state.phase === "down") return;
      if (isBinary) listener.binary(data);
      else listener.text(data.toString());
    });
    ws.on("ping", (data: Buffer) => {
      if (this.#state.phase !== "frozen") ws.pong(data);
    });
    ws.on("pong", (data: Buffer) => listener.pong?.(data.toString()));
    ws.on("error", () => {
      // What the client did wrong on the level of frames; `close` follows.
    });
    ws.on("close", (code: number) => {
      if (this.#state.phase === "down") return;
      this.#state = { phase: "down" };
      for (const timer of this.#timers) timer[Symbol.dispose]();
      this.#timers.clear();
      listener.closed(code);
    });
  }

  get isOpen(): boolean {
    return (this.#state.phase === "up" || this.#state.phase === "stalled") && this.#ws.readyState === WebSocket.OPEN;
  }

  sendText(text: string): void {
    this.#send(() => this.#ws.send(text));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send(() => this.#ws.send(bytes, { binary: true }));
  }

  ping(text: string): void {
    this.#send(() => this.#ws.ping(text));
  }

  /** Calls `action` after `delayMs`, unless the wire is down by then. */
  later(delayMs: number, action: () => void): void {
    if (this.#state.phase === "down") return;
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }

  /** With the closing handshake, for as long as that may take. Code 1006: without one. */
  close(code: number, reason: string): void {
    if (this.#state.phase === "frozen") return;
    if (code === 1006) {
      this.#socket.destroy();
      return;
    }
    if (this.#state.phase === "stalled") {
      // Behind what is held back.
      this.#state.held.push(() => this.close(code, reason));
      return;
    }
    this.#ws.close(code, reason);
    this.later(closeMs, () => this.destroy());
  }

  destroy(): void {
    this.#ws.terminate();
  }

  /** Lets a fault strike. */
  suffer(fault: WireFault): void {
    switch (fault.kind) {
      case "garbage":
        return this.sendText(fault.text);
      case "unknown-type":
        return this.sendText(JSON.stringify({ resp_type: fault.resp_type, trace_id: "unknown" }));
      case "binary":
        return this.sendBinary(Buffer.alloc(fault.bytes));
      case "oversized":
        return this.sendText(JSON.stringify({ resp_type: "START", trace_id: "0".repeat(fault.bytes) }));
      case "close":
      case "accept-then-close":
        return this.close(fault.code, fault.kind === "close" ? fault.reason : "");
      case "reset":
        this.#socket.resetAndDestroy();
        return;
      case "half-open":
        this.#state = { phase: "frozen" };
        this.#ws.pause();
        return this.later(fault.for_ms, () => this.destroy());
      case "slow-reader":
        this.#ws.pause();
        return this.later(fault.for_ms, () => {
          if (this.#state.phase !== "frozen") this.#ws.resume();
        });
      case "stall":
        return this.#stall(fault.for_ms);
    }
  }

  #send(action: () => void): void {
    if (this.#state.phase === "stalled") {
      this.#state.held.push(action);
      if (this.#state.held.length > greatestQueue) this.destroy();
    } else if (this.#state.phase === "up" && this.#ws.readyState === WebSocket.OPEN) {
      action();
      if (this.#ws.bufferedAmount > greatestBacklog) this.destroy();
    }
  }

  #stall(forMs: number): void {
    if (this.#state.phase !== "up") return;
    const held: (() => void)[] = [];
    this.#state = { phase: "stalled", held };
    this.later(forMs, () => {
      if (this.#state.phase !== "stalled") return;
      this.#state = { phase: "up" };
      for (const action of held) this.#send(action);
    });
  }
}
