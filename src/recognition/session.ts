import type { Position } from "../audio/timeline.ts";

/** Audio that was sent in one go: from this sample of the session on, the log from this position on. */
interface Run {
  readonly sample: number;
  readonly position: Position;
}

/**
 * What one recognition session has been sent, and where that is in the audio log: the service speaks in milliseconds
 * of the session, everything else in positions. The log may have holes that the session never sees.
 */
export class Session {
  readonly id: string;
  readonly traceId: string | null;
  readonly start: Position;
  /** Everything before this position is covered by final results, or was before the session. */
  heardTo: Position;
  readonly #samplesPerMs: number;
  readonly #runs: Run[] = [];
  #sent = 0;
  #sentTo: Position;

  /** @param start where in the log its first sample will be @param sampleRate Hz */
  constructor(id: string, traceId: string | null, start: Position, sampleRate: number) {
    this.id = id;
    this.traceId = traceId;
    this.start = start;
    this.heardTo = start;
    this.#sentTo = start;
    this.#samplesPerMs = sampleRate / 1000;
  }

  /** Everything of the log before this position has been sent, or was skipped because it is lost. */
  get sentTo(): Position {
    return this.#sentTo;
  }

  get sentMs(): number {
    return this.#sent / this.#samplesPerMs;
  }

  /** `count` samples of the log from `position` on are sent now. */
  send(position: Position, count: number): void {
    if (position !== this.#sentTo || this.#runs.length === 0) this.#runs.push({ sample: this.#sent, position });
    this.#sent += count;
    this.#sentTo = position + count;
  }

  /** The position of a time in the session (ms from its first sample), clamped to what was sent. */
  positionAt(ms: number): Position {
    const sample = Math.round(ms * this.#samplesPerMs);
    const run = this.#runs.findLast((each) => each.sample <= sample);
    if (run === undefined) return this.start;
    return Math.min(run.position + (sample - run.sample), this.#sentTo);
  }
}
