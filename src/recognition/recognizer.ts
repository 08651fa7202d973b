import type { AudioLog } from "../audio/log.ts";
import type { Position } from "../audio/timeline.ts";
import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Link, LinkListener } from "../sis/link.ts";
import type { Segment } from "../sis/reply.ts";
import { encodeEnd, encodeStart, type Mode, type RasrConfig } from "../sis/request.ts";
import { assemble } from "./assembly.ts";
import { type Bounds, sessionBounds } from "./bounds.ts";
import { step } from "./machine.ts";
import { type Pace, refill, spend, startPace, waitMs } from "./pacer.ts";
import type { Report } from "./report.ts";
import { freshStanding } from "./retry.ts";
import { Session } from "./session.ts";
import type { Effect, Event, Irregularity, Settle, State } from "./state.ts";

/** Opens one connection to the service. `closed` is told exactly once, whatever happens. */
export type Dial = (listener: LinkListener, mark: () => number) => Link;

export interface RecognizerOptions {
  readonly log: AudioLog;
  readonly dial: Dial;
  /** The service refused the credentials in use. */
  readonly credentialsRefused: (serverDateMs: number | null) => void;
  readonly mode: Mode;
  readonly config: RasrConfig;
  /** One message of audio, ms. */
  readonly chunkMs: number;
  /** Samples to the bytes that `config.audioFormat` names. */
  readonly encode: (samples: Int16Array) => Uint8Array;
  /** How fast a backlog is sent, times real time. */
  readonly catchUpRate: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Makes session ids. */
  readonly nextSessionId: () => string;
  readonly onReport: (report: Report) => void;
}

/** A segment that fails so often in a row is given up: the rest of the speech must not wait for it for ever. */
const mostTries = 3;

/**
 * Reads the audio log and has the service recognise it. The machine decides; this shell owns what moves: the
 * connection, the deadline, the session's place in the log, the pump that sends.
 */
export class Recognizer {
  readonly #options: RecognizerOptions;
  readonly #bounds: Bounds;
  readonly #irregularities = new Map<Irregularity | "repeated-result", number>();
  readonly #stopped = Promise.withResolvers<undefined>();
  readonly #queue: Event[] = [];
  #dispatching = false;
  #state: State = { phase: "idle", standing: freshStanding };
  #link: Link | null = null;
  #deadline: Disposable | null = null;
  #pumpTimer: Disposable | null = null;
  #session: Session | null = null;
  #lastSession: Session | null = null;
  /** Samples sent on this connection, over all its sessions. */
  #sent = 0;
  #sessionBase = 0;
  #lastSentMs = 0;
  #pace: Pace;
  #failed: { readonly at: Position; readonly times: number } = { at: -1, times: 0 };
  #sourceEnded = false;
  #stopping = false;

  constructor(options: RecognizerOptions) {
    this.#options = options;
    this.#bounds = sessionBounds(options.mode, options.config);
    this.#pace = startPace(options.clock.monotonicMs());
  }

  /** Resolves when it has stopped: asked to, or because a finite source is recognised to its end. */
  get stopped(): Promise<undefined> {
    return this.#stopped.promise;
  }

  /** What the service did that its protocol does not have, by name. */
  get irregularities(): ReadonlyMap<string, number> {
    return this.#irregularities;
  }

  /** The log has grown. */
  audioArrived(): void {
    if (this.#state.phase === "idle" && this.#options.log.unread >= this.#chunkSamples)
      this.#dispatch({ type: "wanted" });
    this.#pump();
  }

  /** The log will not grow any more: what it holds is recognised, then recognition stops. */
  sourceEnded(): void {
    this.#sourceEnded = true;
    if (this.#state.phase === "idle" && this.#options.log.unread > 0) this.#dispatch({ type: "wanted" });
    this.#pump();
    this.#checkExhausted();
  }

  /** Ends the session properly, with its last results, and closes the connection. Takes 6 s at the most. */
  stop(): Promise<undefined> {
    this.#stopping = true;
    this.#dispatch({ type: "stop" });
    return this.stopped;
  }

  /** Something that may mend a hold has changed: every wait ends at once. */
  reconfigured(): void {
    this.#dispatch({ type: "reconfigured" });
  }

  get #chunkSamples(): number {
    return (this.#options.chunkMs * this.#options.log.sampleRate) / 1000;
  }

  #dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next);
    this.#dispatching = false;
    this.#pump();
  }

  #take(event: Event): void {
    const { clock, random, mode } = this.#options;
    const before = this.#state;
    const { next, effects } = step(before, event, { nowMs: clock.monotonicMs(), random, mode });
    this.#state = next;
    if (next.phase !== before.phase) this.#clearDeadline();
    for (const effect of effects) this.#perform(effect);
    if (next.phase === before.phase) return;
    if (next.phase === "stopped") this.#stopped.resolve(undefined);
    // A stop outlives whatever was under way when it came.
    else if (this.#stopping && next.phase !== "leaving" && event.type !== "stop") this.#queue.push({ type: "stop" });
    this.#checkExhausted();
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "connect":
        this.#sent = 0;
        this.#link = this.#options.dial(this.#listener(), () => this.#sent);
        break;
      case "start":
        this.#link?.sendText(encodeStart(this.#options.config));
        break;
      case "end":
        this.#link?.sendText(encodeEnd(effect.cancel));
        break;
      case "close":
        this.#link?.close();
        break;
      case "destroy":
        this.#link?.destroy();
        break;
      case "wait":
        this.#clearDeadline();
        this.#deadline = this.#options.clock.after(effect.ms, () => this.#dispatch({ type: "deadline" }));
        break;
      case "renew-credentials":
        this.#options.credentialsRefused(effect.serverDateMs);
        break;
      case "begin-session":
        this.#beginSession(effect.traceId);
        break;
      case "end-session":
        this.#endSession(effect.settle, effect.reason);
        break;
      case "deliver":
        this.#deliver(effect.traceId, effect.segments);
        break;
      case "note":
        this.#note(effect.irregularity);
        break;
      case "report":
        this.#options.onReport(effect.report);
        break;
    }
  }

  #listener(): LinkListener {
    return {
      opened: () => this.#dispatch({ type: "opened" }),
      reply: (reply) => this.#dispatch(reply),
      malformed: (fault) => this.#dispatch({ type: "malformed", fault }),
      confirmed: (mark) => this.#confirmed(mark),
      closed: (ending) => {
        this.#link = null;
        this.#dispatch({ type: "closed", ending });
      },
    };
  }

  #beginSession(traceId: string | null): void {
    const { log, clock, nextSessionId, onReport } = this.#options;
    const session = new Session(nextSessionId(), traceId, log.cursor, log.sampleRate);
    this.#session = session;
    this.#sessionBase = this.#sent;
    this.#lastSentMs = clock.monotonicMs();
    onReport({ type: "session", change: "started", session: session.id, traceId, reason: "started" });
  }

  /** Whatever ended it: the next session starts where the service is not done yet. */
  #endSession(settle: Settle, reason: string): void {
    const session = this.#session;
    if (session === null) return;
    const { log, onReport } = this.#options;
    if (settle === "sent") log.settle(session.sentTo);
    if (settle === "silence") log.settle(session.positionAt(this.#bounds.silentHeadMs));
    log.rewind();
    this.#lastSession = session;
    this.#session = null;
    onReport({ type: "session", change: "ended", session: session.id, traceId: session.traceId, reason });
  }

  #deliver(traceId: string | null, segments: readonly Segment[]): void {
    const session = this.#sessionOf(traceId);
    if (session === null) {
      this.#note("late-result");
      return;
    }
    const { log, config, onReport } = this.#options;
    const result = assemble(segments, session, log, config.property);
    for (let count = 0; count < result.dropped; count += 1) this.#note("repeated-result");
    // What a running session sends again is recognised again: a late result for it would be a double.
    const covered = session !== this.#session && this.#session !== null && result.heardTo > this.#session.start;
    if (covered) {
      this.#note("late-result");
      return;
    }
    session.heardTo = result.heardTo;
    for (const transcript of result.transcripts) onReport({ type: "transcript", transcript });
    log.settle(result.heardTo);
    if (result.failed !== null) this.#unrecognised(session, result.failed);
    if (session === this.#session && session.sentMs > this.#bounds.rollAtFinalMs) {
      this.#queue.push({ type: "limit", cancel: true });
    }
  }

  #sessionOf(traceId: string | null): Session | null {
    const last = this.#lastSession;
    if (this.#session === null) return last;
    const isLate = last !== null && traceId !== null && traceId === last.traceId && traceId !== this.#session.traceId;
    return isLate ? last : this.#session;
  }

  /** The service heard speech and has no words for it. It is sent again, and given up when that goes on. */
  #unrecognised(session: Session, failed: { readonly from: Position; readonly to: Position }): void {
    const { log, logger } = this.#options;
    const again = Math.abs(failed.from - this.#failed.at) < log.sampleRate;
    this.#failed = { at: failed.from, times: again ? this.#failed.times + 1 : 1 };
    if (this.#failed.times >= mostTries) {
      log.settle(failed.from);
      log.abandon(failed.to, "unrecognised");
      session.heardTo = failed.to;
      logger.warn("the service cannot recognise a stretch of speech; going on without it", { tries: mostTries });
      return;
    }
    this.#queue.push({
      type: "spoiled",
      fault: new Fault("wire-bad-message", "a final segment came without a result"),
    });
  }

  /** Silence is never reported: what has arrived, and cannot be part of a segment that is still open, is done with. */
  #confirmed(mark: number): void {
    const session = this.#session;
    if (session === null || mark < this.#sessionBase) return;
    const arrivedMs = ((mark - this.#sessionBase) * 1000) / this.#options.log.sampleRate;
    const doneMs = arrivedMs - this.#bounds.longestSegmentMs;
    if (doneMs > 0) this.#options.log.settle(session.positionAt(doneMs));
  }

  /** Sends what may be sent now. Live sound goes out as it comes; a backlog at the catch-up rate. */
  #pump(): void {
    const { log, clock, catchUpRate, chunkMs } = this.#options;
    this.#pumpTimer?.[Symbol.dispose]();
    this.#pumpTimer = null;
    while (this.#state.phase === "streaming" && this.#session !== null && this.#link !== null) {
      const nowMs = clock.monotonicMs();
      if (log.unread < (this.#sourceEnded ? 1 : this.#chunkSamples)) {
        this.#watchForAudio(nowMs);
        return;
      }
      this.#pace = refill(this.#pace, nowMs, catchUpRate);
      const delayMs = waitMs(this.#pace, chunkMs, catchUpRate, this.#link.bufferedBytes);
      if (delayMs > 0) {
        this.#pumpTimer = clock.after(delayMs, () => this.#pump());
        return;
      }
      if (this.#session.sentMs + chunkMs > this.#bounds.rollMs) {
        // With a final result behind us nothing is cut in two: the next session starts at its end.
        this.#dispatch({ type: "limit", cancel: this.#session.heardTo > this.#session.start });
        return;
      }
      this.#sendChunk(this.#session, this.#link, nowMs);
    }
  }

  #sendChunk(session: Session, link: Link, nowMs: number): void {
    const { log, encode, chunkMs } = this.#options;
    const chunk = log.read(this.#chunkSamples, 1);
    if (chunk === null) return;
    const shortest = (this.#bounds.shortestChunkMs * log.sampleRate) / 1000;
    const samples = chunk.samples.length < shortest ? padded(chunk.samples, shortest) : chunk.samples;
    session.send(chunk.position, chunk.samples.length);
    this.#sent += chunk.samples.length;
    this.#lastSentMs = nowMs;
    this.#pace = spend(this.#pace, chunkMs);
    link.sendAudio(encode(samples));
    this.#checkExhausted();
  }

  /** Nothing to send: if that lasts, the session is ended before the service disconnects us. */
  #watchForAudio(nowMs: number): void {
    const leftMs = this.#lastSentMs + this.#bounds.starvedMs - nowMs;
    if (leftMs <= 0) this.#dispatch({ type: "starved" });
    else this.#pumpTimer = this.#options.clock.after(leftMs, () => this.#pump());
  }

  #checkExhausted(): void {
    if (!this.#sourceEnded || this.#options.log.unread > 0) return;
    if (this.#dispatching) this.#queue.push({ type: "exhausted" });
    else this.#dispatch({ type: "exhausted" });
  }

  #note(irregularity: Irregularity | "repeated-result"): void {
    this.#irregularities.set(irregularity, (this.#irregularities.get(irregularity) ?? 0) + 1);
    this.#options.logger.warn("the service did not keep to its protocol", { irregularity });
  }

  #clearDeadline(): void {
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = null;
  }
}

/** The service takes no message shorter than 50 ms: the very last one is filled up with silence. */
function padded(samples: Int16Array, length: number): Int16Array {
  const longer = new Int16Array(length);
  longer.set(samples);
  return longer;
}
