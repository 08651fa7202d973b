import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Clock } from "../base/clock.ts";
import {
  audioMsOf,
  type Conversation,
  type ConversationEffect,
  type ConversationEvent,
  type ConversationRules,
  converse,
  freshConversation,
  isSpokenFault,
  type StartFault,
} from "./conversation.ts";
import type { SimulatedFault } from "./faults.ts";
import type { ConnectionRecord, Ledger, SessionRecord } from "./ledger.ts";
import type { Peer } from "./peer.ts";
import { parseRequest } from "./request.ts";
import { isWireFault, Wire } from "./wire.ts";

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

/** One client's WebSocket: moves messages between the wire and its conversation, and does to both what faults demand. */
export class Connection implements Peer {
  readonly service = "rasr";
  readonly record: ConnectionRecord;
  readonly #host: ConnectionHost;
  readonly #rules: ConversationRules;
  readonly #wire: Wire;
  #conversation: Conversation = freshConversation;
  #session: SessionRecord | null = null;
  #fences = 0;
  #lastDataMs: number;

  constructor(host: ConnectionHost, rules: ConversationRules, ws: WebSocket, socket: Socket, record: ConnectionRecord) {
    this.#host = host;
    this.#rules = rules;
    this.record = record;
    this.#lastDataMs = host.clock.monotonicMs();
    this.#wire = new Wire(ws, socket, host.clock, {
      text: (text) => this.#heard(() => this.#onText(text)),
      binary: (bytes) => this.#heard(() => this.#onAudio(bytes)),
      pong: (text) => {
        if (text === `fence-${this.#fences}`) this.#step({ type: "informed" });
      },
      closed: (code) => this.#onClosed(code),
    });
    this.#watchIdle(host.idleMs);
  }

  /** Whether a fault can strike here. */
  get isOpen(): boolean {
    return this.#wire.isOpen;
  }

  get hasSession(): boolean {
    return this.#conversation.phase === "session";
  }

  /** Lets a fault strike here. */
  suffer(fault: SimulatedFault): void {
    if (isSpokenFault(fault)) this.#step({ type: "fault", fault });
    else if (fault.kind === "oversized") this.#wire.sendText(oversized(fault.bytes));
    else if (isWireFault(fault)) this.#wire.suffer(fault);
    // All others strike before there is a connection, or are part of an answer.
  }

  /** Ends without a closing handshake. */
  destroy(): void {
    this.#wire.destroy();
  }

  #heard(take: () => void): void {
    this.#lastDataMs = this.#host.clock.monotonicMs();
    take();
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
        this.#wire.sendText(JSON.stringify(response));
        if (this.#session === null) return;
        if (response.resp_type === "END") ledger.sessionEnded(this.#session, response.reason, this.#host.nowMs());
        if (response.resp_type === "FATAL_ERROR") ledger.sessionEnded(this.#session, "FATAL_ERROR", this.#host.nowMs());
        return;
      }
      case "fence": {
        this.#fences += 1;
        return this.#wire.ping(`fence-${this.#fences}`);
      }
      case "disconnect":
        return this.#wire.later(effect.afterMs, () => this.#wire.close(1000, ""));
      case "note":
        return ledger.violated(effect.violation);
    }
  }

  /** `how`: where the session has not ended in a better way. */
  #endSession(how: string): void {
    if (this.#session !== null) this.#host.ledger.sessionEnded(this.#session, how, this.#host.nowMs());
    this.#session = null;
  }

  #onClosed(code: number): void {
    this.#endSession("closed");
    this.#host.ledger.disconnected(this.record, code, this.#host.nowMs());
    this.#host.closed(this);
  }

  #watchIdle(delayMs: number): void {
    this.#wire.later(delayMs, () => {
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
