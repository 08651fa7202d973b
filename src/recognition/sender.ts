import type { AudioLog } from "../audio/log.ts";
import type { Clock } from "../base/clock.ts";
import { type Link, pingEveryMs } from "../sis/link.ts";
import type { Bounds } from "./bounds.ts";
import { type Lull, noLull, stepLull } from "./lull.ts";
import { type Pace, refill, spend, startPace, waitMs } from "./pacer.ts";
import type { Session } from "./session.ts";

export interface SenderOptions {
  readonly log: AudioLog;
  readonly clock: Clock;
  readonly bounds: Bounds;
  /** One message of audio, ms. */
  readonly chunkMs: number;
  /** How fast a backlog is sent, times real time. */
  readonly catchUpRate: number;
  /** Samples to the bytes that go on the wire. */
  readonly encode: (samples: Int16Array) => Uint8Array;
}

/**
 * How much sound may be on its way without a pong to prove that it arrived, ms: one ping's time at full speed, and some.
 * More would make a slow uplink, which holds it all in its buffers, look like a dead one.
 */
function mostUnconfirmedMs(catchUpRate: number): number {
  return 1_000 + pingEveryMs * catchUpRate;
}

/** Why the sender stopped sending. */
export type Pause =
  | { readonly why: "live" } // nothing more to send just now
  | { readonly why: "paced"; readonly againInMs: number } // too fast, or the socket is full
  | { readonly why: "full"; readonly quiet: boolean } // the session is near its limit; `quiet`: nobody is speaking
  | { readonly why: "starved" }; // there has been nothing to send for long

/** Sends the audio log to one session after the other: live sound as it comes, a backlog at the catch-up rate. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #chunk: number;
  #pace: Pace;
  #lull: Lull = noLull;
  #sent = 0;
  #confirmed = 0;
  #lastSentMs = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#chunk = (options.chunkMs * options.log.sampleRate) / 1000;
    this.#pace = startPace(options.clock.monotonicMs());
  }

  /** Samples sent so far, over all sessions. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a whole message waits to be sent. */
  get hasChunk(): boolean {
    return this.#options.log.unread >= this.#chunk;
  }

  /** How long until a session that gets no audio counts as starved, ms. */
  get starvedInMs(): number {
    return this.#lastSentMs + this.#options.bounds.starvedMs - this.#options.clock.monotonicMs();
  }

  /** A pong proves that so many samples have arrived. */
  confirm(sent: number): void {
    this.#confirmed = Math.max(this.#confirmed, sent);
  }

  /** A session begins: the wait for audio starts anew, and whatever is lost with the one before needs no proof. */
  begin(): void {
    this.#confirmed = this.#sent;
    this.#lastSentMs = this.#options.clock.monotonicMs();
    this.#lull = noLull;
  }

  /** Sends what may be sent now. @param last the log will not grow: a last, shorter message goes too */
  pump(session: Session, link: Link, last: boolean): Pause {
    const { log, clock, bounds, chunkMs, catchUpRate } = this.#options;
    for (;;) {
      const nowMs = clock.monotonicMs();
      if (log.unread < (last ? 1 : this.#chunk)) return { why: this.starvedInMs > 0 ? "live" : "starved" };
      this.#pace = refill(this.#pace, nowMs, catchUpRate);
      const unconfirmedMs = ((this.#sent - this.#confirmed) * 1000) / log.sampleRate;
      if (unconfirmedMs > mostUnconfirmedMs(catchUpRate)) return { why: "paced", againInMs: 100 };
      const againInMs = waitMs(this.#pace, chunkMs, catchUpRate, link.bufferedBytes);
      if (againInMs > 0) return { why: "paced", againInMs };
      if (session.sentMs + chunkMs > bounds.rollMs) return { why: "full", quiet: false };
      if (session.sentMs > bounds.rollInPauseMs && this.#lull.quiet) return { why: "full", quiet: true };
      this.#send(session, link, nowMs);
    }
  }

  #send(session: Session, link: Link, nowMs: number): void {
    const { log, encode, chunkMs, bounds } = this.#options;
    const chunk = log.read(this.#chunk, 1);
    if (chunk === null) return;
    this.#lull = stepLull(this.#lull, chunk.samples, log.sampleRate);
    session.send(chunk.position, chunk.samples.length);
    this.#sent += chunk.samples.length;
    this.#lastSentMs = nowMs;
    this.#pace = spend(this.#pace, chunkMs);
    link.sendAudio(encode(padded(chunk.samples, (bounds.shortestChunkMs * log.sampleRate) / 1000)));
  }
}

/** The service takes no message shorter than 50 ms: the very last one is filled up with silence. */
function padded(samples: Int16Array, shortest: number): Int16Array {
  if (samples.length >= shortest) return samples;
  const longer = new Int16Array(shortest);
  longer.set(samples);
  return longer;
}
