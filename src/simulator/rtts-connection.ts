import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Clock } from "../base/clock.ts";
import { toFault } from "../base/fault.ts";
import type { StartFault } from "./conversation.ts";
import type { SimulatedFault } from "./faults.ts";
import type { ConnectionRecord, Ledger } from "./ledger.ts";
import type { VoiceKind } from "./options.ts";
import type { Peer } from "./peer.ts";
import {
  converseInSpeech,
  type SpeechConversation,
  type SpeechEffect,
  type SpeechEvent,
  type SpeechRules,
} from "./rtts-conversation.ts";
import type { SpeechLedger, UtteranceRecord } from "./rtts-ledger.ts";
import { parseSpeechRequest, type SpeechConfig } from "./rtts-request.ts";
import { voiceOf } from "./rtts-voice.ts";
import { isWireFault, Wire } from "./wire.ts";

/** What a connection for synthesis asks of the simulator it belongs to. */
export interface SpeechHost {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly speech: SpeechLedger;
  readonly voice: VoiceKind;
  /** How fast sound is sent, times real time. */
  readonly speechRate: number;
  nowMs(): number;
  /** No START for this long: SIS.0416; no close after the END for this long: we close. ms */
  readonly idleMs: number;
  starting(peer: Peer, start: number): StartFault | null;
  /** `totalMs` of sound have been sent over all connections. */
  spoke(totalMs: number): void;
  settled(peer: Peer): void;
  closed(peer: Peer): void;
}

/** Sound in one message, ms. */
const pieceMs = 100;

/** One client's WebSocket for synthesis. What is said is decided in rtts-conversation.ts. */
export class SpeechConnection implements Peer {
  readonly service = "rtts";
  readonly hasSession = false;
  readonly record: ConnectionRecord;
  readonly #host: SpeechHost;
  readonly #rules: SpeechRules;
  readonly #wire: Wire;
  #conversation: SpeechConversation = { phase: "waiting" };
  #utterance: UtteranceRecord | null = null;

  constructor(host: SpeechHost, ws: WebSocket, socket: Socket, record: ConnectionRecord) {
    this.#host = host;
    this.#rules = { newTraceId: () => randomUUID(), pieceMs, rate: host.speechRate };
    this.record = record;
    this.#wire = new Wire(ws, socket, host.clock, {
      text: (text) => this.#onText(text),
      binary: () => this.#step({ type: "binary" }),
      closed: (code) => this.#onClosed(code),
    });
    this.#wire.later(host.idleMs, () => this.#step({ type: "idle" }));
  }

  get isOpen(): boolean {
    return this.#wire.isOpen;
  }

  suffer(fault: SimulatedFault): void {
    if (fault.kind === "error" || fault.kind === "fatal") this.#step({ type: "fault", fault });
    else if (isWireFault(fault)) this.#wire.suffer(fault);
    // All others strike before there is a connection, are part of an answer, or are recognition's alone.
  }

  destroy(): void {
    this.#wire.destroy();
  }

  #onText(text: string): void {
    const request = parseSpeechRequest(text);
    const number = this.#host.ledger.requested(request.type);
    if (request.type === "start") this.#host.speech.started();
    const fault = request.type === "start" ? this.#host.starting(this, number) : null;
    this.#step({ type: "request", request, fault });
    this.#host.settled(this);
  }

  #step(event: SpeechEvent): void {
    const { next, effects } = converseInSpeech(this.#conversation, event, this.#rules);
    this.#conversation = next;
    this.record.phase = phases[next.phase];
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: SpeechEffect): void {
    const { ledger, speech } = this.#host;
    switch (effect.do) {
      case "say":
        ledger.said(effect.response, null);
        return this.#wire.sendText(JSON.stringify(effect.response));
      case "prepare":
        this.#prepare(effect);
        return;
      case "send":
        this.#wire.sendBinary(effect.bytes);
        if (this.#utterance !== null) {
          this.#host.spoke(speech.spoke(this.#utterance, effect.ms, this.#host.nowMs()));
        }
        return;
      case "wait":
        return this.#wire.later(effect.ms, () => {
          this.#step({ type: "due" });
          this.#host.settled(this);
        });
      case "ended":
        this.#endUtterance(effect.how);
        return this.#wire.later(this.#host.idleMs, () => this.#step({ type: "idle" }));
      case "disconnect":
        return this.#wire.later(effect.afterMs, () => this.#wire.close(1000, ""));
      case "note":
        return speech.violated(effect.violation);
    }
  }

  #prepare({ text, config, traceId }: Extract<SpeechEffect, { do: "prepare" }>): void {
    const { speech } = this.#host;
    this.#utterance = speech.opened(this.record.number, { trace_id: traceId, text, config }, this.#host.nowMs());
    this.record.sessions++;
    void this.#makeSound(text, config);
  }

  async #makeSound(text: string, config: SpeechConfig): Promise<void> {
    try {
      const sound = await voiceOf(text, config, this.#host.voice);
      this.#step({ type: "sound", sound });
    } catch (error) {
      const fault = { kind: "error", code: "SIS.0413", message: toFault(error).message } as const;
      this.#step({ type: "fault", fault });
    }
    this.#host.settled(this);
  }

  #endUtterance(how: string): void {
    if (this.#utterance !== null) this.#host.speech.ended(this.#utterance, how, this.#host.nowMs());
    this.#utterance = null;
  }

  #onClosed(code: number): void {
    this.#endUtterance("closed");
    this.#conversation = { phase: "over" };
    this.#host.ledger.disconnected(this.record, code, this.#host.nowMs());
    this.#host.closed(this);
  }
}

const phases = { waiting: "idle", preparing: "session", speaking: "session", said: "idle", over: "over" } as const;
