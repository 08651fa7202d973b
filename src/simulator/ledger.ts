import { isoTime } from "../base/iso-time.ts";
import type { Mode } from "../sis/request.ts";
import type { Violation } from "./conversation.ts";
import type { FaultRecord } from "./fault-plan.ts";
import type { Refusal } from "./gateway.ts";
import type { StartConfig } from "./request.ts";
import type { Response } from "./responses.ts";
import type { SpeechState } from "./rtts-ledger.ts";

/** All that the simulator has seen: what `GET /control/state` answers. Times are ms since the simulator began. */
export interface SimulatorState {
  readonly started_at: string;
  readonly uptime_ms: number;
  readonly connections: {
    /** Requests to open a WebSocket; `connection` in a fault's moment counts these. */
    readonly attempts: number;
    readonly accepted: number;
    readonly open: number;
    /** The last ones, oldest first. */
    readonly last: readonly ConnectionRecord[];
  };
  readonly sessions: {
    /** START requests, granted or not; `session` in a fault's moment counts these. */
    readonly starts: number;
    /** Those that got a START response. */
    readonly opened: number;
    readonly last: readonly SessionRecord[];
  };
  /** Audio received in sessions, in total; `audio_ms` in a fault's moment is this. */
  readonly audio_ms: number;
  /** Audio messages, and bytes, received where no session was open. */
  readonly ignored: { readonly messages: number; readonly bytes: number };
  /** Audio messages outside the 50 to 1000 ms that are advised. */
  readonly chunks_off_advice: number;
  readonly received: Readonly<Record<"start" | "end" | "unknown" | "audio", number>>;
  readonly sent: Readonly<Record<string, number>>;
  /** Final results, the last ones, oldest first; `words` counts all of them. */
  readonly words: number;
  readonly results: readonly ResultRecord[];
  readonly violations: Readonly<Partial<Record<Violation, number>>>;
  readonly refusals: { readonly count: number; readonly last: readonly (Refusal & { readonly at_ms: number })[] };
  readonly tokens: { readonly issued: number; readonly valid: number };
  readonly faults: readonly FaultRecord[];
  readonly speech: SpeechState;
}

export interface ConnectionRecord {
  readonly number: number;
  /** rtts: for synthesis. */
  readonly mode: Mode | "rtts";
  readonly project_id: string;
  readonly opened_ms: number;
  /** over: FATAL_ERROR has been said. */
  phase: "idle" | "session" | "over" | "closed";
  closed_ms: number | null;
  /** The WebSocket close code; 1006: without a closing handshake. */
  close_code: number | null;
  sessions: number;
  audio_ms: number;
}

export interface SessionRecord {
  readonly number: number;
  readonly connection: number;
  readonly trace_id: string;
  readonly config: StartConfig;
  readonly started_ms: number;
  ended_ms: number | null;
  /** The END's reason, "FATAL_ERROR", "no END", or "closed". */
  ended: string | null;
  audio_ms: number;
}

export interface ResultRecord {
  readonly session: number;
  /** null: the result failed. */
  readonly text: string | null;
  readonly start_ms: number;
  readonly end_ms: number;
}

const memory = { connections: 500, sessions: 1000, results: 20_000, refusals: 200 };

/** Keeps the books of one simulator, bounded: counts are kept for ever, details of the last ones only. */
export class Ledger {
  readonly #startedAt: string;
  readonly #connections: ConnectionRecord[] = [];
  readonly #sessions: SessionRecord[] = [];
  readonly #results: ResultRecord[] = [];
  readonly #refusals: (Refusal & { readonly at_ms: number })[] = [];
  readonly #violations: Partial<Record<Violation, number>> = {};
  readonly #received = { start: 0, end: 0, unknown: 0, audio: 0 };
  readonly #sent: Record<string, number> = {};
  readonly #ignored = { messages: 0, bytes: 0 };
  #attempts = 0;
  #accepted = 0;
  #open = 0;
  #opened = 0;
  #words = 0;
  #refused = 0;
  #offAdvice = 0;
  #audioMs = 0;

  constructor(startedAtMs: number) {
    this.#startedAt = isoTime(startedAtMs);
  }

  /** Another request for a WebSocket; returns its number, from 1. */
  attempt(): number {
    return ++this.#attempts;
  }

  refused(refusal: Refusal, nowMs: number): void {
    this.#refused++;
    keep(this.#refusals, { ...refusal, at_ms: nowMs }, memory.refusals);
  }

  connected(number: number, mode: ConnectionRecord["mode"], projectId: string, nowMs: number): ConnectionRecord {
    this.#accepted++;
    this.#open++;
    const record: ConnectionRecord = {
      number,
      mode,
      project_id: projectId,
      opened_ms: nowMs,
      phase: "idle",
      closed_ms: null,
      close_code: null,
      sessions: 0,
      audio_ms: 0,
    };
    keep(this.#connections, record, memory.connections);
    return record;
  }

  disconnected(record: ConnectionRecord, code: number, nowMs: number): void {
    this.#open--;
    record.phase = "closed";
    record.closed_ms = nowMs;
    record.close_code = code;
  }

  /** A text message; for a START, returns its number, from 1. */
  requested(type: "start" | "end" | "unknown"): number {
    return ++this.#received[type];
  }

  sessionOpened(connection: ConnectionRecord, traceId: string, config: StartConfig, nowMs: number): SessionRecord {
    this.#opened++;
    connection.sessions++;
    const record: SessionRecord = {
      number: this.#received.start,
      connection: connection.number,
      trace_id: traceId,
      config,
      started_ms: nowMs,
      ended_ms: null,
      ended: null,
      audio_ms: 0,
    };
    keep(this.#sessions, record, memory.sessions);
    return record;
  }

  sessionEnded(record: SessionRecord, how: string, nowMs: number): void {
    record.ended ??= how;
    record.ended_ms ??= nowMs;
  }

  /** Audio in a session. Returns the new total. */
  audio(connection: ConnectionRecord, session: SessionRecord, ms: number): number {
    this.#received.audio++;
    if (ms < 50 || ms > 1000) this.#offAdvice++;
    connection.audio_ms += ms;
    session.audio_ms += ms;
    this.#audioMs += ms;
    return this.#audioMs;
  }

  /** Audio outside a session. */
  strayAudio(bytes: number): void {
    this.#received.audio++;
    this.#ignored.messages++;
    this.#ignored.bytes += bytes;
  }

  said(response: Response, session: SessionRecord | null): void {
    this.#sent[response.resp_type] = (this.#sent[response.resp_type] ?? 0) + 1;
    if (response.resp_type !== "RESULT") return;
    for (const segment of response.segments) {
      if (!segment.is_final) continue;
      const text = segment.result?.text ?? null;
      this.#words += text === null ? 0 : text.split(" ").filter((word) => word !== "").length;
      const { start_time: start_ms, end_time: end_ms } = segment;
      keep(this.#results, { session: session?.number ?? 0, text, start_ms, end_ms }, memory.results);
    }
  }

  violated(violation: Violation): void {
    this.#violations[violation] = (this.#violations[violation] ?? 0) + 1;
  }

  /** A copy that does not change any more. */
  view(nowMs: number, others: Pick<SimulatorState, "tokens" | "faults" | "speech">): SimulatorState {
    return {
      started_at: this.#startedAt,
      uptime_ms: nowMs,
      connections: {
        attempts: this.#attempts,
        accepted: this.#accepted,
        open: this.#open,
        last: this.#connections.map(copyOf),
      },
      sessions: {
        starts: this.#received.start,
        opened: this.#opened,
        last: this.#sessions.map(copyOf),
      },
      audio_ms: Math.round(this.#audioMs),
      ignored: { ...this.#ignored },
      chunks_off_advice: this.#offAdvice,
      received: { ...this.#received },
      sent: { ...this.#sent },
      words: this.#words,
      results: [...this.#results],
      violations: { ...this.#violations },
      refusals: { count: this.#refused, last: [...this.#refusals] },
      ...others,
    };
  }
}

function copyOf<T extends { readonly audio_ms: number }>(record: T): T {
  return { ...record, audio_ms: Math.round(record.audio_ms) };
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}
