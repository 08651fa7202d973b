import type { AudioLog } from "../audio/log.ts";
import type { Clock } from "../base/clock.ts";
import type { Link } from "../sis/link.ts";
import type { Bounds } from "./bounds.ts";
import { type Lull, noLull, stepLull } from "./lull.ts";
import { SendTimes } from "./send-times.ts";
import type { Session } from "./session.ts";
import type { Throttle } from "./throttle.ts";

/** What the sender needs of the audio log. */
type Source = Pick<AudioLog, "sampleRate" | "unread" | "endsAtHole" | "read">;

export interface SenderOptions {
  readonly log: Source;
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly throttle: Throttle;
  /** One message of audio, ms. */
  readonly chunkMs: number;
  /** Samples to the bytes that the session's audio format names. */
  readonly encode: (samples: Int16Array) => Uint8Array;
  /** Told of each message as it is sent: good only until it returns. */
  readonly onSent: (samples: Int16Array) => void;
}

/** Sound that is on its way from the disk is asked for again after this. */
const fetchMs = 30;
/**
 * After so long without a look this process may have been held up, and has not read either. What the service has said
 * before it hung up would be lost with the second write to such a connection: it is read first …
 */
const heldUpMs = 1_000;
/** … which takes so long. */
const readingMs = 30;
/** More than this waiting to be sent is a backlog. */
const backlogMs = 2_000;

/** Why the sender stopped sending. Times are on the monotonic clock. */
export type Pause =
  // Nothing more to send just now. `nearLimit`: the session is to be ended in the next pause; without audio it is
  // starved at `againAtMs`
  | { readonly why: "live"; readonly nearLimit: boolean; readonly againAtMs: number }
  | { readonly why: "paced"; readonly againAtMs: number } // too fast, or the connection is full, or first it is read
  | { readonly why: "fetching"; readonly againAtMs: number } // there is sound to send, but the log does not have it at hand
  | { readonly why: "full"; readonly quiet: boolean } // the session is near its limit; `quiet`: nobody is speaking
  | { readonly why: "starved" }; // there has been nothing to send for long

/** How long before a pause is wanted it is begun to learn what one sounds like. */
const learningMs = 15_000;
/** A session that is ended in time waits for a pause until it is so many times as long, and no longer than so much more. */
const pauseWithin = 3;
const pauseWithinMs = 30_000;
/** A connection is replaced when so much of what was left of its token's life is over. */
const usedOfToken = 0.9;

/** Sends the audio log to one session after the other: live sound as it comes, a backlog at the catch-up rate. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #samplesPerMs: number;
  readonly #chunk: number;
  readonly #times = new SendTimes();
  #lull: Lull = noLull;
  #sent = 0;
  #confirmed = 0;
  #confirmedAtMs: number;
  #lastSentMs = 0;
  #lookedAtMs = 0;
  #readUntilMs = 0;
  #connectedAtMs = 0;
  #goodUntilMs = Number.POSITIVE_INFINITY;
  #sentOnOthers = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#samplesPerMs = options.log.sampleRate / 1000;
    this.#chunk = options.chunkMs * this.#samplesPerMs;
    this.#confirmedAtMs = options.clock.monotonicMs();
  }

  /** Samples sent so far, over all sessions. */
  get sent(): number {
    return this.#sent;
  }

  /** A pong has proved that everything sent has arrived. */
  get arrived(): boolean {
    return this.#confirmed >= this.#sent;
  }

  /** Whether a whole message waits to be sent. */
  get hasChunk(): boolean {
    return this.#options.log.unread >= this.#chunk;
  }

  /** Its connection is so near its limit, or its token's, that the next session is to have another. */
  isSpent(nowMs: number): boolean {
    return this.#connectionLeftMs(nowMs) < 0;
  }

  /** A new connection is open. @param goodForMs how much longer what it was opened with is good; null: for ever */
  connected(goodForMs: number | null): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#connectedAtMs = nowMs;
    this.#sentOnOthers = this.#sent;
    // What has ended already is the service's to refuse.
    this.#goodUntilMs =
      goodForMs === null || goodForMs <= 0 ? Number.POSITIVE_INFINITY : nowMs + goodForMs * usedOfToken;
  }

  /** A pong proves that so many samples have arrived. */
  confirm(sent: number): void {
    const nowMs = this.#options.clock.monotonicMs();
    // Longer between two pongs was no sending, or no going well.
    const forMs = Math.min(nowMs - this.#confirmedAtMs, 5_000);
    if (sent > this.#confirmed) this.#options.throttle.heed({ type: "well", forMs }, nowMs);
    this.#confirmed = Math.max(this.#confirmed, sent);
    this.#confirmedAtMs = nowMs;
  }

  /** The service gave a final result that ends here, ms of the session: whether it keeps up with a backlog shows. */
  answered(endMs: number): void {
    if (!this.#hasBacklog) return;
    const { throttle, clock, bounds } = this.#options;
    const nowMs = clock.monotonicMs();
    throttle.heed({ type: "result", lagMs: this.#times.ageMs(endMs + bounds.tailMs, nowMs) }, nowMs);
  }

  /** The service gave an ERROR. */
  failed(): void {
    const { throttle, clock } = this.#options;
    if (this.#hasBacklog) throttle.heed({ type: "error" }, clock.monotonicMs());
  }

  /** A session begins: the wait for audio starts anew, and whatever is lost with the one before needs no proof. */
  begin(): void {
    this.#confirmed = this.#sent;
    this.#lastSentMs = this.#options.clock.monotonicMs();
    this.#confirmedAtMs = this.#lastSentMs;
    this.#lookedAtMs = this.#lastSentMs;
    this.#lull = noLull;
    this.#times.clear();
  }

  /**
   * Sends what may be sent now: whole messages, and a shorter one before a hole.
   * @param how.last the log will not grow: a last, shorter message goes too
   * @param how.untilPause near its limit, the session is to be ended as soon as nobody speaks
   */
  pump(session: Session, link: Link, how: { readonly last: boolean; readonly untilPause: boolean }): Pause {
    const { log, clock, bounds, chunkMs, throttle } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#lookedAtMs > heldUpMs) this.#readUntilMs = nowMs + readingMs;
    this.#lookedAtMs = nowMs;
    // At the end there is no time for that: END follows at once, and what is not sent by then is not sent at all.
    if (nowMs < this.#readUntilMs && !how.last) return { why: "paced", againAtMs: this.#readUntilMs };
    // Ended in time, a session makes room for the next one on its own connection.
    const isShort = session.patienceMs < bounds.rollInPauseMs;
    for (let leftMs = this.#leftMs(session, nowMs); ; leftMs -= chunkMs) {
      const starvedAtMs = this.#lastSentMs + bounds.starvedMs;
      const { unread } = log;
      if (unread < this.#chunk && (unread === 0 || !(how.last || log.endsAtHole))) {
        if (nowMs >= starvedAtMs) return { why: "starved" };
        return { why: "live", nearLimit: leftMs < 0 && !isShort, againAtMs: starvedAtMs };
      }
      const unconfirmedMs = (this.#sent - this.#confirmed) / this.#samplesPerMs;
      const waitMs = throttle.waitMs(chunkMs, { bufferedBytes: link.bufferedBytes(), unconfirmedMs }, nowMs);
      if (waitMs > 0) return { why: "paced", againAtMs: nowMs + waitMs };
      if (leftMs < 0) {
        if ((how.untilPause || isShort) && this.#lull.quiet) return { why: "full", quiet: true };
        if (this.#isFull(session, nowMs)) return { why: "full", quiet: false };
      }
      const chunk = log.read(this.#chunk, 1);
      if (chunk === null)
        return nowMs < starvedAtMs ? { why: "fetching", againAtMs: nowMs + fetchMs } : { why: "starved" };
      if (leftMs < learningMs) this.#lull = stepLull(this.#lull, chunk.samples, log.sampleRate);
      this.#send(chunk, session, link, nowMs);
    }
  }

  #send(chunk: NonNullable<ReturnType<Source["read"]>>, session: Session, link: Link, nowMs: number): void {
    const { encode, onSent, bounds, throttle } = this.#options;
    const message = filledUp(chunk.samples, bounds.shortestChunkMs * this.#samplesPerMs);
    session.send(chunk.position, chunk.samples.length, message.length - chunk.samples.length);
    session.unanswered.add(message);
    this.#sent += message.length;
    this.#lastSentMs = nowMs;
    this.#times.note(session.sentMs, nowMs);
    throttle.spend(message.length / this.#samplesPerMs);
    onSent(message);
    link.sendAudio(encode(message));
  }

  #isFull(session: Session, nowMs: number): boolean {
    const { bounds, chunkMs } = this.#options;
    const { patienceMs } = session;
    const mostMs = Math.min(bounds.rollMs, patienceMs * pauseWithin, patienceMs + pauseWithinMs);
    return session.sentMs + chunkMs > mostMs || this.#connectionMs(nowMs) + chunkMs > bounds.reconnectMs;
  }

  /**
   * How long until the session is so near its limit, its connection's or its token's, that the next pause in speech is
   * the time to end it.
   */
  #leftMs(session: Session, nowMs: number): number {
    const mostMs = Math.min(this.#options.bounds.rollInPauseMs, session.patienceMs);
    return Math.min(mostMs - session.sentMs, this.#connectionLeftMs(nowMs));
  }

  #connectionLeftMs(nowMs: number): number {
    const { reconnectInPauseMs } = this.#options.bounds;
    return Math.min(reconnectInPauseMs - this.#connectionMs(nowMs), this.#goodUntilMs - nowMs);
  }

  /** How much of its connection's life is used up, ms: its age, or the sound sent on it. */
  #connectionMs(nowMs: number): number {
    return Math.max(nowMs - this.#connectedAtMs, (this.#sent - this.#sentOnOthers) / this.#samplesPerMs);
  }

  get #hasBacklog(): boolean {
    return this.#options.log.unread > backlogMs * this.#samplesPerMs;
  }
}

/** The service takes no message shorter than 50 ms: what is left before a hole, or at the end, is filled up with silence. */
function filledUp(samples: Int16Array, shortest: number): Int16Array {
  if (samples.length >= shortest) return samples;
  const longer = new Int16Array(shortest);
  longer.set(samples);
  return longer;
}
