import type { AudioLog } from "../audio/log.ts";
import type { Position } from "../audio/timeline.ts";
import type { Segment } from "../sis/reply.ts";
import { assemble } from "./assembly.ts";
import type { Bounds } from "./bounds.ts";
import type { Report, Transcript } from "./report.ts";
import { Session } from "./session.ts";
import type { Settle } from "./state.ts";

/** What came of one RESULT. */
export interface Heard {
  readonly transcripts: readonly Transcript[];
  /** Segments that repeat what is known, or belong to a session whose audio is being sent again. */
  readonly dropped: number;
  /** A final segment came without words: its audio has to be sent again. */
  readonly spoiled: boolean;
}

/** A segment that stays without words is given up then: the rest of the speech must not wait for it for ever. */
const mostTries = 3;

/**
 * What the service has heard of the audio log: the running session, the one before it, and the settled position,
 * which moves with final results, with confirmed silence and with sessions that ended as they should.
 */
export class Hearing {
  readonly #log: AudioLog;
  readonly #bounds: Bounds;
  readonly #property: string;
  readonly #onReport: (report: Report) => void;
  #session: Session | null = null;
  #lastSession: Session | null = null;
  /** The latest segment without words: where it began, and how often it has come. */
  #failed: { readonly at: Position; readonly times: number } = { at: Number.NEGATIVE_INFINITY, times: 0 };

  constructor(log: AudioLog, bounds: Bounds, property: string, onReport: (report: Report) => void) {
    this.#log = log;
    this.#bounds = bounds;
    this.#property = property;
    this.#onReport = onReport;
  }

  /** The running session. */
  get session(): Session | null {
    return this.#session;
  }

  begin(id: string, traceId: string | null): void {
    this.#session = new Session(id, traceId, this.#log.cursor, this.#log.sampleRate);
    this.#onReport({ type: "session", change: "started", session: id, traceId, reason: "started" });
  }

  /** Whatever ended the session: the next one starts where the service is not done yet. */
  end(settle: Settle, reason: string): void {
    const session = this.#session;
    if (session === null) return;
    if (settle === "sent") this.#log.settle(session.sentTo);
    if (settle === "silence") this.#log.settle(session.positionAt(this.#bounds.silentHeadMs));
    // The same sentence again would end the same way: what lies before its closing silence has been judged.
    if (settle === "sentence" && this.#log.settled <= session.start) {
      this.#log.settle(session.positionAt(this.#bounds.shortestSentenceMs));
    }
    this.#log.rewind();
    this.#lastSession = session;
    this.#session = null;
    this.#onReport({ type: "session", change: "ended", session: session.id, traceId: session.traceId, reason });
  }

  /** Takes the segments of a RESULT: their final ones settle what they cover. */
  deliver(traceId: string | null, segments: readonly Segment[]): Heard {
    const session = this.#sessionOf(traceId);
    if (session === null) return { transcripts: [], dropped: segments.length, spoiled: false };
    const result = assemble(segments, session, this.#log, this.#property);
    // What the running session sends again is recognised again: a late result for it would be a double.
    const running = this.#session;
    if (running !== null && session !== running && result.heardTo > running.start) {
      return { transcripts: [], dropped: segments.length, spoiled: false };
    }
    session.heardTo = result.heardTo;
    this.#log.settle(result.heardTo);
    const spoiled = result.failed !== null && this.#mayTryAgain(session, result.failed);
    return { transcripts: result.transcripts, dropped: result.dropped, spoiled };
  }

  /**
   * `arrived` samples of the running session have reached the service. It never reports silence; but what cannot be
   * part of a segment that is still open is done with.
   */
  confirmed(arrived: number): void {
    const doneMs = (arrived * 1000) / this.#log.sampleRate - this.#bounds.longestSegmentMs;
    if (this.#session !== null && doneMs > 0) this.#log.settle(this.#session.positionAt(doneMs));
  }

  #sessionOf(traceId: string | null): Session | null {
    const running = this.#session;
    const last = this.#lastSession;
    if (running === null) return last;
    return traceId !== null && traceId === last?.traceId && traceId !== running.traceId ? last : running;
  }

  #mayTryAgain(session: Session, failed: { readonly from: Position; readonly to: Position }): boolean {
    const again = Math.abs(failed.from - this.#failed.at) < this.#log.sampleRate;
    this.#failed = { at: failed.from, times: again ? this.#failed.times + 1 : 1 };
    if (this.#failed.times < mostTries) return true;
    this.#log.settle(failed.from);
    this.#log.abandon(failed.to, "unrecognised");
    session.heardTo = failed.to;
    return false;
  }
}
