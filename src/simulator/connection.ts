import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { Clock } from "../base/clock.ts";
import {
  audioMsOf,
  type Conversation,
  type ConversationEffect,
  type ConversationEvent,
  type ConversationRules,
  converse,
  freshConversation,
  type StartFault,
} from "./conversation.ts";
import type { SimulatedFault } from "./faults.ts";
import type { ConnectionRecord, Ledger, SessionRecord } from "./ledger.ts";
import type { Peer } from "./peer.ts";
import { parseRequest } from "./request.ts";

/** What a connection asks of the simulator it belongs to. */
export interface ConnectionHost {
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** ms since the simulator began. */
  nowMs(): number;
  /** Nothing from the client for this long ends the connection, ms. */
  readonly idleMs: number;
  /** START number `start` has come: what is to go wrong with its answer? */
  starting(connection: Peer, start: number): StartFault | null;
  /** END has come: is its result to be late? */
  ending(connection: Peer): { readonly kind: "late-result" } | null;
  /** `totalMs` of audio have come over all connections. */
  heard(totalMs: number): void;
  /** A message has been dealt with: faults that are due may strike now. */
  settled(connection: Peer): void;
  closed(connection: Peer): void;
}

/** How the wire is. */
type Wire =
  | { readonly phase: "up" }
  /** Replies are held back, in order. */
  | { readonly phase: "stalled"; readonly held: (() => void)[] }
  /** Nothing is read and nothing is sent, not even pongs; TCP stays open. */
  | { readonly phase: "frozen" }
  | { readonly phase: "down" };

/** A peer that does not read is dropped beyond this many unsent bytes. */
const greatestBacklog = 16 * 1024 * 1024;
/** Replies held back while stalled; beyond this the connection is dropped. */
const greatestQueue = 10_000;
/** How long the client may take to answer our close, ms. */
const closeMs = 2000;

/** One client's WebSocket: moves messages between the wire and its conversation, and does to both what faults demand. */
export class Connection implements Peer {
  readonly service = "rasr";
  readonly record: ConnectionRecord;
  readonly #host: ConnectionHost;
  readonly #rules: ConversationRules;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #timers = new Set<Disposable>();
  #conversation: Conversation = freshConversation;
  #session: SessionRecord | null = null;
  #wire: Wire = { phase: "up" };
  #fences = 0;
  #lastDataMs: number;

  constructor(host: ConnectionHost, rules: ConversationRules, ws: WebSocket, socket: Socket, record: ConnectionRecord) {
    this.#host = host;
    this.#rules = rules;
    this.#ws = ws;
    this.#socket = socket;
    this.record = record;
    this.#lastDataMs = host.clock.monotonicMs();
    ws.on("message", (data: Buffer, isBinary: boolean) => this.#onMessage(data, isBinary));
    ws.on("ping", (data: Buffer) => {
      if (this.#wire.phase !== "frozen") ws.pong(data);
    });
    ws.on("pong", (data: Buffer) => {
      if (data.toString() === `fence-${this.#fences}`) this.#step({ type: "informed" });
    });
    ws.on("error", () => {
      // What the client did wrong on the level of frames; `close` follows.
    });
    ws.on("close", (code: number) => this.#onClose(code));
    this.#watchIdle(host.idleMs);
  }

  /** Whether a fault can strike here. */
  get isOpen(): boolean {
    return (this.#wire.phase === "up" || this.#wire.phase === "stalled") && this.#ws.readyState === WebSocket.OPEN;
  }

  get hasSession(): boolean {
    return this.#conversation.phase === "session";
  }

  /** Lets a fault strike here. */
  suffer(fault: SimulatedFault): void {
    switch (fault.kind) {
      case "error":
      case "no-end-after-error":
      case "fatal":
      case "unasked-end":
      case "result-without-result":
      case "exceeded-audio":
      case "limits-reached":
        return this.#step({ type: "fault", fault });
      case "garbage":
        return this.#send(() => this.#ws.send(fault.text));
      case "unknown-type":
        return this.#send(() => this.#ws.send(JSON.stringify({ resp_type: fault.resp_type, trace_id: "unknown" })));
      case "binary":
        return this.#send(() => this.#ws.send(Buffer.alloc(fault.bytes), { binary: true }));
      case "oversized":
        return this.#send(() => this.#ws.send(oversized(fault.bytes)));
      case "close":
      case "accept-then-close":
        return this.#close(fault.code, fault.kind === "close" ? fault.reason : "");
      case "reset":
        this.#socket.resetAndDestroy();
        return;
      case "half-open":
        this.#wire = { phase: "frozen" };
        this.#ws.pause();
        this.#later(fault.for_ms, () => this.destroy());
        return;
      case "slow-reader":
        this.#ws.pause();
        this.#later(fault.for_ms, () => {
          if (this.#wire.phase !== "frozen") this.#ws.resume();
        });
        return;
      case "stall":
        return this.#stall(fault.for_ms);
      case "refuse":
      case "refuse-connections":
      case "expire-tokens":
      case "clock-off":
      case "error-on-start":
      case "start-twice":
      case "late-result":
        // These strike before there is a connection, or are part of an answer.
        return;
    }
  }

  /** Ends without a closing handshake. */
  destroy(): void {
    this.#ws.terminate();
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#wire.phase === "frozen" || this.#wire.phase === "down") return;
    this.#lastDataMs = this.#host.clock.monotonicMs();
    if (isBinary) this.#onAudio(data);
    else this.#onText(data.toString());
    this.#host.settled(this);
  }

  #onText(text: string): void {
    const request = parseRequest(text);
    const number = this.#host.ledger.requested(request.type);
    if (request.type === "start") {
      this.#step({ type: "request", request, fault: this.#host.starting(this, number) });
    } else {
      const fault = request.type === "end" && this.hasSession ? this.#host.ending(this) : null;
      this.#step({ type: "request", request, fault });
    }
  }

  #onAudio(bytes: Buffer): void {
    const ms = audioMsOf(this.#conversation, bytes);
    const session = this.#session;
    if (ms === null || session === null) {
      this.#host.ledger.strayAudio(bytes.length);
      this.#step({ type: "audio", bytes });
      return;
    }
    const totalMs = this.#host.ledger.audio(this.record, session, ms);
    this.#step({ type: "audio", bytes });
    this.#host.heard(totalMs);
  }

  #step(event: ConversationEvent): void {
    const { next, effects } = converse(this.#conversation, event, this.#rules);
    this.#conversation = next;
    this.record.phase = next.phase;
    for (const effect of effects) this.#do(effect);
    if (next.phase !== "session") this.#endSession("no END");
  }

  #do(effect: ConversationEffect): void {
    const { ledger } = this.#host;
    switch (effect.do) {
      case "say": {
        const { response } = effect;
        if (response.resp_type === "START" && this.#conversation.phase === "session" && this.#session === null) {
          const { config, traceId } = this.#conversation.session;
          this.#session = ledger.sessionOpened(this.record, traceId, config, this.#host.nowMs());
        }
        ledger.said(response, this.#session);
        const text = JSON.stringify(response);
        this.#send(() => this.#ws.send(text));
        if (this.#session === null) return;
        if (response.resp_type === "END") ledger.sessionEnded(this.#session, response.reason, this.#host.nowMs());
        if (response.resp_type === "FATAL_ERROR") ledger.sessionEnded(this.#session, "FATAL_ERROR", this.#host.nowMs());
        return;
      }
      case "fence": {
        const fence = `fence-${++this.#fences}`;
        return this.#send(() => this.#ws.ping(fence));
      }
      case "disconnect":
        return this.#later(effect.afterMs, () => this.#close(1000, ""));
      case "note":
        return ledger.violated(effect.violation);
    }
  }

  /** `how`: where the session has not ended in a better way. */
  #endSession(how: string): void {
    if (this.#session !== null) this.#host.ledger.sessionEnded(this.#session, how, this.#host.nowMs());
    this.#session = null;
  }

  #send(action: () => void): void {
    if (this.#wire.phase === "stalled") {
      this.#wire.held.push(action);
      if (this.#wire.held.length > greatestQueue) this.destroy();
    } else if (this.#wire.phase === "up" && this.#ws.readyState === WebSocket.OPEN) {
      action();
      if (this.#ws.bufferedAmount > greatestBacklog) this.destroy();
    }
  }

  #stall(forMs: number): void {
    if (this.#wire.phase !== "up") return;
    const held: (() => void)[] = [];
    this.#wire = { phase: "stalled", held };
    this.#later(forMs, () => {
      if (this.#wire.phase !== "stalled") return;
      this.#wire = { phase: "up" };
      for (const action of held) this.#send(action);
    });
  }

  #close(code: number, reason: string): void {
    if (this.#wire.phase === "frozen") return;
    if (code === 1006) {
      this.#socket.destroy();
      return;
    }
    this.#ws.close(code, reason);
    this.#later(closeMs, () => this.destroy());
  }

  #onClose(code: number): void {
    if (this.#wire.phase === "down") return;
    this.#wire = { phase: "down" };
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
    this.#endSession("closed");
    this.#host.ledger.disconnected(this.record, code, this.#host.nowMs());
    this.#host.closed(this);
  }

  #later(delayMs: number, action: () => void): void {
    if (this.#wire.phase === "down") return;
    const timer = this.#host.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }

  #watchIdle(delayMs: number): void {
    this.#later(delayMs, () => {
      const idleMs = this.#host.clock.monotonicMs() - this.#lastDataMs;
      if (idleMs >= this.#host.idleMs) this.#step({ type: "idle" });
      else this.#watchIdle(this.#host.idleMs - idleMs);
    });
  }
}

/** A RESULT that is a well-formed message of about `bytes` bytes. */
function oversized(bytes: number): string {
  const result = { text: "0".repeat(bytes), score: 1 };
  const segments = [{ start_time: 0, end_time: 0, is_final: false, result }];
  return JSON.stringify({ resp_type: "RESULT", trace_id: "oversized", segments });
}
