import type { Span } from "../audio/holes.ts";
import type { Position } from "../audio/timeline.ts";
import { Unanswered } from "./unanswered.ts";

/** Audio that was sent in one go: from this sample of the session on, so much of the log from this position on. */
interface Run {
  readonly sample: number;
  readonly position: Position;
  count: number;
}

/** Spans of final results that are remembered one by one; before them, everything counts as heard. */
const mostSpans = 50;

/** A service may let all begin with the session: what then ends so much later than all that was heard is none of it, ms. */
const surelyNewMs = 300;

/**
 * What one recognition session has been sent, and where that is in the audio log: the service speaks in milliseconds
 * of the session, everything else in positions. The log may have holes that the session never sees, and the session
 * silence that the log never had: messages that would be too short are filled up with it.
 */
export class Session {
  readonly id: string;
  readonly traceId: string | null;
  readonly start: Position;
  readonly unanswered: Unanswered;
  readonly #samplesPerMs: number;
  readonly #runs: Run[] = [];
  readonly #heard: Span[] = [];
  #heardBefore: Position;
  #heardTo: Position;
  #sent = 0;
  #sentTo: Position;
  #patienceMs: number;
  /** The service has given a final result, whatever it was worth. */
  answered = false;

  /** @param start where in the log its first sample will be @param sampleRate Hz */
  constructor(
    id: string,
    traceId: string | null,
    start: Position,
    sampleRate: number,
    patienceMs = Number.POSITIVE_INFINITY,
  ) {
    this.#patienceMs = patienceMs;
    this.unanswered = new Unanswered(sampleRate);
    this.id = id;
    this.traceId = traceId;
    this.start = start;
    this.#heardBefore = start;
    this.#heardTo = start;
    this.#sentTo = start;
    this.#samplesPerMs = sampleRate / 1000;
  }

  /** Everything of the log before this position has been sent, or was skipped because it is lost. */
  get sentTo(): Position {
    return this.#sentTo;
  }

  /** How much sound the service has been sent, silence that was filled in among it, ms. */
  get sentMs(): number {
    return this.#sent / this.#samplesPerMs;
  }

  /** So much sound is to be sent in it, ms: then it is ended in the next pause. Infinity: as much as may be. */
  get patienceMs(): number {
    return this.#patienceMs;
  }

  /** It is to be ended in the next pause. */
  endSoon(): void {
    this.#patienceMs = Math.min(this.#patienceMs, this.sentMs);
  }

  /** The end of the last final result; the session's start before the first. */
  get heardTo(): Position {
    return this.#heardTo;
  }

  /** `count` samples of the log from `position` on are sent now, and after them so many of silence. */
  send(position: Position, count: number, padding = 0): void {
    const last = this.#runs[this.#runs.length - 1];
    // What was filled up ends a run, though the log may go on just behind it.
    if (last !== undefined && position === last.position + last.count && this.#sent === last.sample + last.count) {
      last.count += count;
    } else {
      this.#runs.push({ sample: this.#sent, position, count });
    }
    this.#sent += count + padding;
    this.#sentTo = position + count;
  }

  /** The position of a time in the session (ms from its first sample), clamped to what was sent of the log. */
  positionAt(ms: number): Position {
    const sample = Math.round(ms * this.#samplesPerMs);
    const run = this.#runs.findLast((each) => each.sample <= sample);
    if (run === undefined) return this.start;
    return run.position + Math.min(sample - run.sample, run.count);
  }

  /** The last sample before a time in the session: what comes after it may lie after a break. */
  lastBefore(ms: number): Position {
    return this.positionAt(ms - 1 / this.#samplesPerMs);
  }

  /** A final result covers this span. */
  hear(span: Span): void {
    this.#heard.push(span);
    this.#heardTo = Math.max(this.#heardTo, span.to);
    if (this.#heard.length > mostSpans) this.#heardBefore = Math.max(this.#heardBefore, this.#heard.shift()?.to ?? 0);
  }

  /**
   * Whether a final result for this span would be a repeat: its middle is covered already. Its start alone does not
   * tell: services round times, and neighbours may overlap by some milliseconds. A span that ends where the session
   * begins is what the one before left over. Where all begins with the session, its end tells.
   */
  hasHeard(span: Span): boolean {
    if (span.to <= this.#heardBefore) return true;
    if (span.from <= this.start && span.to > this.#heardTo + surelyNewMs * this.#samplesPerMs) return false;
    const middle = (span.from + span.to) / 2;
    return middle < this.#heardBefore || this.#heard.some((heard) => isWithin(middle, heard));
  }
}

/** A result may be of no length: it is where it is. */
function isWithin(position: Position, { from, to }: Span): boolean {
  return from <= position && (position < to || position === from);
}
