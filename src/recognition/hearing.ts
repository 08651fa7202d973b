import type { Span } from "../audio/holes.ts";
import type { AudioLog } from "../audio/log.ts";
import type { Position } from "../audio/timeline.ts";
import type { Segment } from "../sis/reply.ts";
import { place } from "./assembly.ts";
import type { Bounds } from "./bounds.ts";
import type { Report } from "./report.ts";
import { Session } from "./session.ts";
import { dealtTo, noReach, type Reach, reachAt } from "./silence.ts";
import type { Settle } from "./state.ts";

/** What came of one RESULT. */
export interface Heard {
  /** Segments that repeat what is known, or belong to a session whose audio is being sent again. */
  readonly dropped: number;
  /** Where the last final segment of the running session ends, ms in it; null: there was none. */
  readonly finalToMs: number | null;
  /** Why the audio has to be sent again, if it has: a segment had no words, or its place is impossible. */
  readonly trouble: "wordless" | "misplaced" | null;
}

/** What stays unusable so often in a row is given up: the rest of the speech must not wait for it for ever. */
const mostTries = 3;

/** Sessions whose late results are told from those of the running one. */
const mostTraces = 20;

/** Nobody waits longer for a slow service: what it has not answered by then is sent again. */
const mostOwedMs = 180_000;

/** Shorter sessions are not asked for, and a shorter one that is cut off tells nothing, ms of sound. */
const leastPatienceMs = 10_000;

/** A session whose results cover less is not worth another one at once, ms. */
const leastAdvanceMs = 1_000;

/** How often something has gone wrong at one place. */
interface Tries {
  readonly at: Position;
  readonly times: number;
}

const noTries: Tries = { at: Number.NEGATIVE_INFINITY, times: 0 };

/**
 * What the service has heard of the audio log: the running session, the one before it, and the settled position,
 * which moves with final results, with confirmed silence and with sessions that ended as they should.
 */
export class Hearing {
  readonly #log: AudioLog;
  readonly #bounds: Bounds;
  readonly #property: string;
  readonly #speed: number;
  readonly #onReport: (report: Report) => void;
  #session: Session | null = null;
  #lastSession: Session | null = null;
  /** Of the sessions that are over, the last of them among them. */
  #formerTraces: readonly string[] = [];
  #wordless = noTries;
  #unreadable = noTries;
  /** So many sessions in a row were cut off before anything came of most of what they had been sent. */
  #inVain = 0;
  #patienceMs = Number.POSITIVE_INFINITY;
  #reach: Reach = noReach;
  /** A result of the running session could not be read, for the last time: what it covered is lost, wherever it was. */
  #suspect = false;

  /** @param speed of the source, times real time */
  constructor(log: AudioLog, bounds: Bounds, property: string, speed: number, onReport: (report: Report) => void) {
    this.#log = log;
    this.#bounds = bounds;
    this.#property = property;
    this.#speed = speed;
    this.#onReport = onReport;
  }

  /** The running session. */
  get session(): Session | null {
    return this.#session;
  }

  /** Whether the running session has been of any use: it gave a result, or took a fair amount of audio. */
  get productive(): boolean {
    const session = this.#session;
    if (session === null) return false;
    const { productiveMs, shortestSentenceMs } = this.#bounds;
    return session.sentMs >= (session.answered ? shortestSentenceMs : productiveMs);
  }

  /** Whether the running session was worth it: its final results cover more than a sound. */
  get advanced(): boolean {
    const session = this.#session;
    if (session === null || session.sentMs < this.#bounds.shortestSentenceMs) return false;
    return session.heardTo - session.start >= (leastAdvanceMs * this.#log.sampleRate) / 1000;
  }

  /** What a service that works in real time has still to deal with of the running session, ms from now; three minutes at most. */
  owedMs(nowMs: number): number {
    if (this.#session === null) return 0;
    const { dealtMs } = reachAt(this.#reach, this.#reach.arrivedMs, nowMs, this.#speed);
    return Math.min((this.#session.sentMs - dealtMs) / Math.max(this.#speed, 1), mostOwedMs);
  }

  /** A session begins where the log is read next. */
  begin(id: string, traceId: string | null): void {
    this.#session = new Session(id, traceId, this.#log.cursor, this.#log.sampleRate, this.#patienceMs);
    this.#reach = noReach;
    this.#suspect = false;
    this.#onReport({ type: "session", change: "started", session: id, traceId, reason: "started" });
  }

  /** The running session, which has not been sent anything, begins where the log is read now. */
  beginHere(): void {
    if (this.#session !== null) this.begin(this.#session.id, this.#session.traceId);
  }

  /** Whatever ended the session: what it is done with is settled. */
  end(settle: Settle, reason: string): void {
    const session = this.#session;
    if (session === null) return;
    this.#learnPatience(session, settle);
    if (settle === "sent" && this.#suspect) this.#log.abandon(session.sentTo, "unreadable");
    if (settle === "sent") this.#log.settle(session.sentTo);
    if (settle === "silence") this.#log.settle(session.positionAt(this.#bounds.silentHeadMs));
    // The same sentence again would end the same way: what lies before its closing silence has been judged.
    if (settle === "sentence" && this.#log.settled <= session.start) {
      this.#log.settle(session.positionAt(this.#bounds.shortestSentenceMs));
    }
    if (session.traceId !== null) this.#formerTraces = [...this.#formerTraces, session.traceId].slice(-mostTraces);
    this.#lastSession = session;
    this.#session = null;
    this.#onReport({ type: "session", change: "ended", session: session.id, traceId: session.traceId, reason });
  }

  /**
   * Takes the segments of a RESULT: transcripts are reported, and the final ones settle what they cover. In this order:
   * what is settled is not sent again, so it must have been told before.
   */
  deliver(traceId: string | null, segments: readonly Segment[]): Heard {
    let dropped = 0;
    let finalToMs: number | null = null;
    const heard = (trouble: Heard["trouble"]): Heard => ({ dropped, finalToMs, trouble });
    const inOrder = segments.toSorted((a, b) => a.startMs - b.startMs);
    for (const [index, segment] of inOrder.entries()) {
      const session = this.#sessionOf(traceId);
      if (session === null) {
        dropped += segments.length - index;
        return heard(null);
      }
      if (segment.isFinal) session.answered = true;
      if (segment.isFinal && session === this.#session) {
        finalToMs = segment.endMs;
        this.#reach = dealtTo(this.#reach, Math.min(segment.endMs, session.sentMs));
      }
      const placed = place(segment, session, this.#log, this.#property);
      if ("span" in placed && this.#isSentAgain(session, placed.span)) {
        dropped += 1;
        continue;
      }
      switch (placed.is) {
        case "repeat":
          dropped += 1;
          break;
        case "misplaced":
          if (session === this.#session) return heard("misplaced");
          dropped += 1;
          break;
        case "wordless":
          if (this.#mayTryAgain(placed.span)) return heard("wordless");
          this.#settleTo(session, segment, placed.span, "lost");
          break;
        case "nothing":
          this.#settleTo(session, segment, placed.span, "heard");
          break;
        case "transcript":
          this.#onReport({ type: "transcript", transcript: placed.transcript });
          if (placed.transcript.final) this.#settleTo(session, segment, placed.span, "heard");
          break;
      }
    }
    return heard(null);
  }

  /** A message could not be read, which may have been a result. @returns whether to send the same audio again */
  unreadable(): boolean {
    this.#unreadable = triedAt(this.#unreadable, this.#log.settled, this.#log.sampleRate);
    this.#suspect = this.#unreadable.times >= mostTries;
    return !this.#suspect;
  }

  /** `arrived` samples of the running session have reached the service by `nowMs`. */
  reached(arrived: number, nowMs: number): void {
    this.#reach = reachAt(this.#reach, (arrived * 1000) / this.#log.sampleRate, nowMs, this.#speed);
  }

  /**
   * The service never reports silence; but what is quiet and cannot be part of a segment that is still open is done with,
   * even if the service is as slow as real time. Where it was loud and nothing was answered, an END asks about it: a
   * service that hangs does not answer that either.
   */
  settleSilence(): void {
    const doneMs = this.#reach.dealtMs - this.#bounds.longestSegmentMs;
    if (this.#session === null || this.#suspect || doneMs <= 0) return;
    const { toMs, thenLoud } = this.#session.unanswered.quietTo(doneMs);
    this.#log.settle(this.#session.positionAt(toMs));
    if (thenLoud) this.#session.endSoon();
  }

  /**
   * Where sessions are cut off again and again before anything comes of them, as by a proxy after a minute of a quiet room,
   * all of it would be sent again for ever. An END that is answered settles what was sent: the next session asks for it in
   * time, each one that succeeds twice as late.
   */
  #learnPatience(session: Session, settle: Settle): void {
    // What came of it is settled also where it was cut behind its last result.
    if (settle !== "finals" || session.heardTo > session.start) this.#patienceMs *= 2;
    const isInVain = settle === "finals" && session.heardTo <= session.start;
    const settledMs = ((this.#log.settled - session.start) * 1000) / this.#log.sampleRate;
    if (!isInVain) this.#inVain = 0;
    else if (session.sentMs >= leastPatienceMs && settledMs < session.sentMs / 2) this.#inVain += 1;
    if (this.#inVain > 1) this.#patienceMs = Math.max(session.sentMs / 4, leastPatienceMs);
  }

  /** The session that a result is about; null: it is over for too long for anything to be known of it. */
  #sessionOf(traceId: string | null): Session | null {
    const running = this.#session;
    const last = this.#lastSession;
    if (traceId !== null && traceId !== running?.traceId) {
      if (traceId === last?.traceId) return last;
      if (this.#formerTraces.includes(traceId)) return null;
    }
    return running ?? last;
  }

  /** What the running session sends again is recognised again: a late result for it would be a double. */
  #isSentAgain(session: Session, span: Span): boolean {
    return this.#session !== null && session !== this.#session && span.to > this.#session.start;
  }

  #settleTo(session: Session, segment: Segment, span: Span, how: "heard" | "lost"): void {
    // The result that could not be read was about something before this one.
    if (this.#suspect) this.#log.abandon(span.from, "unreadable");
    else this.#log.settle(span.from);
    this.#suspect = false;
    if (how === "lost") this.#log.abandon(span.to, "unrecognised");
    this.#log.answer(span.to);
    session.hear(span);
    session.unanswered.answered(Math.min(segment.endMs, session.sentMs));
  }

  #mayTryAgain(span: Span): boolean {
    this.#wordless = triedAt(this.#wordless, span.from, this.#log.sampleRate);
    return this.#wordless.times < mostTries;
  }
}

/** One more try at a place; within a second it is the same place. */
function triedAt(tries: Tries, at: Position, second: number): Tries {
  return { at, times: Math.abs(at - tries.at) < second ? tries.times + 1 : 1 };
}
