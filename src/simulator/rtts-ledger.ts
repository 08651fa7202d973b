import type { SpeechViolation } from "./rtts-conversation.ts";
import type { SpeechConfig } from "./rtts-request.ts";

/** One text that was asked for. Times are ms since the simulator began. */
export interface UtteranceRecord {
  readonly number: number;
  readonly connection: number;
  readonly trace_id: string;
  readonly text: string;
  readonly config: SpeechConfig;
  readonly started_ms: number;
  first_sound_ms: number | null;
  /** Sound sent, ms. */
  sent_ms: number;
  ended_ms: number | null;
  /** NORMAL, the code of an ERROR, FATAL_ERROR, or "closed" by the client. */
  ended: string | null;
}

/** What `GET /control/state` tells of synthesis. */
export interface SpeechState {
  /** START requests of synthesis, granted or not. */
  readonly starts: number;
  readonly opened: number;
  /** Sound sent in total, ms; `spoken_ms` in a fault's moment is this. */
  readonly spoken_ms: number;
  readonly violations: Readonly<Partial<Record<SpeechViolation, number>>>;
  /** The last ones, oldest first. */
  readonly last: readonly UtteranceRecord[];
}

const mostUtterances = 1000;

/** Keeps the books of synthesis, bounded: counts are kept for ever, details of the last texts only. */
export class SpeechLedger {
  readonly #last: UtteranceRecord[] = [];
  readonly #violations: Partial<Record<SpeechViolation, number>> = {};
  #starts = 0;
  #opened = 0;
  #spokenMs = 0;

  started(): void {
    this.#starts++;
  }

  opened(
    connection: number,
    wish: Pick<UtteranceRecord, "trace_id" | "text" | "config">,
    nowMs: number,
  ): UtteranceRecord {
    this.#opened++;
    const record: UtteranceRecord = {
      number: this.#opened,
      connection,
      ...wish,
      started_ms: nowMs,
      first_sound_ms: null,
      sent_ms: 0,
      ended_ms: null,
      ended: null,
    };
    this.#last.push(record);
    if (this.#last.length > mostUtterances) this.#last.shift();
    return record;
  }

  /** `ms` of sound were sent. Returns the new total of all. */
  spoke(record: UtteranceRecord, ms: number, nowMs: number): number {
    record.first_sound_ms ??= nowMs;
    record.sent_ms += ms;
    this.#spokenMs += ms;
    return this.#spokenMs;
  }

  ended(record: UtteranceRecord, how: string, nowMs: number): void {
    record.ended ??= how;
    record.ended_ms ??= nowMs;
  }

  violated(violation: SpeechViolation): void {
    this.#violations[violation] = (this.#violations[violation] ?? 0) + 1;
  }

  view(): SpeechState {
    return {
      starts: this.#starts,
      opened: this.#opened,
      spoken_ms: Math.round(this.#spokenMs),
      violations: { ...this.#violations },
      last: this.#last.map((record) => ({ ...record, sent_ms: Math.round(record.sent_ms) })),
    };
  }
}
