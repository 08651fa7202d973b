import { pingEveryMs } from "../sis/link.ts";
import { type CatchUp, type Sign, startCatchUp, stepCatchUp } from "./catch-up.ts";

/** What may be sent at once after a pause, ms of sound: live sound never waits. */
const burstMs = 1_000;
/** Unsent bytes that may wait in the socket: two seconds of the richest format. Beyond that the service is not keeping up. */
const mostBufferedBytes = 64 * 1024;
/** A connection that has been full for this long is clogged. */
const cloggedMs = 3_000;

/** How much of what was sent is still on its way. */
export interface OnTheWay {
  /** Bytes that the socket has not passed on yet. */
  readonly bufferedBytes: number;
  /** Sound that no pong has confirmed, ms. */
  readonly unconfirmedMs: number;
}

/** Holds sound back: live sound goes at once, a backlog as fast as the service takes it, nothing into a full connection. */
export class Throttle {
  readonly #mostRate: number;
  readonly #speed: number;
  /** How much sound may go out, as a leaking bucket, and when that was so. */
  #allowanceMs = burstMs;
  #atMs: number;
  #catchUp: CatchUp;
  #fullSinceMs: number | null = null;

  /**
   * @param mostRate how fast a backlog may be sent at the most, times the source's own speed
   * @param speed of the source, times real time
   */
  constructor(mostRate: number, speed: number, nowMs: number) {
    this.#mostRate = mostRate;
    this.#speed = speed;
    this.#atMs = nowMs;
    this.#catchUp = startCatchUp(mostRate);
  }

  /** How fast a backlog is sent just now, times real time. */
  get rate(): number {
    return this.#catchUp.rate * this.#speed;
  }

  /** How long to wait before `soundMs` of sound may be sent: 0 = now. */
  waitMs(soundMs: number, way: OnTheWay, nowMs: number): number {
    const { rate } = this;
    this.#allowanceMs = Math.min(burstMs, this.#allowanceMs + (nowMs - this.#atMs) * rate);
    this.#atMs = nowMs;
    if (way.bufferedBytes > mostBufferedBytes || way.unconfirmedMs > this.#mostUnconfirmedMs())
      return this.#full(nowMs);
    this.#fullSinceMs = null;
    return this.#allowanceMs >= soundMs ? 0 : Math.ceil((soundMs - this.#allowanceMs) / rate);
  }

  /** So much sound is sent now. */
  spend(soundMs: number): void {
    this.#allowanceMs -= soundMs;
  }

  /** The service shows how it takes what is sent. */
  heed(sign: Sign, nowMs: number): void {
    this.#catchUp = stepCatchUp(this.#catchUp, sign, nowMs, this.#mostRate);
  }

  /**
   * How much sound may be on its way without a pong to prove that it arrived, ms: one ping's time at full speed, and
   * some. More would make a slow uplink, which holds it all in its buffers, look like a dead one. (No getter: private
   * ones are slow.)
   */
  #mostUnconfirmedMs(): number {
    return 1_000 + pingEveryMs * this.rate;
  }

  #full(nowMs: number): number {
    this.#fullSinceMs ??= nowMs;
    if (nowMs - this.#fullSinceMs >= cloggedMs) {
      this.heed({ type: "clogged" }, nowMs);
      this.#fullSinceMs = nowMs;
    }
    return 50;
  }
}
