import type { Clock } from "../base/clock.ts";
import type { Link } from "../sis/link.ts";
import type { RttsConfig } from "../sis/rtts.ts";
import type { SpeechCache } from "./cache.ts";
import { KeptPiece } from "./kept-piece.ts";
import type { Outcome } from "./outcome.ts";
import { type Dial, Piece, type Service } from "./piece.ts";
import { type Entry, enqueue, expire, nextExpiryMs, type Queue } from "./queue.ts";
import { Reading } from "./reading.ts";
import { Restraint } from "./restraint.ts";
import { piecesOf } from "./sentences.ts";
import { openNowhere, type Sink } from "./sink.ts";

/** A text that is to be spoken. */
export interface SayRequest {
  readonly text: string;
  /** 0..9, higher goes first; default 5. What is being spoken is not interrupted. */
  readonly priority?: number;
  /** Wall clock, ms since the epoch: not begun by then, it is dropped. Default: it waits for ever. */
  readonly notAfterMs?: number | null;
  /** Keep its sound on disk, so that it can be spoken without the service the next time. Default: no. */
  readonly keep?: boolean;
}

export interface SpeechOptions {
  readonly service: Service;
  readonly config: RttsConfig;
  /** Opens what one text is spoken into. */
  readonly openSink: () => Sink;
  /** null: nothing is kept. */
  readonly cache: SpeechCache | null;
  /** Told what became of every text that was to be heard. */
  readonly onOutcome: (outcome: Outcome) => void;
  readonly clock: Clock;
}

const usualPriority = 5;
/** Why what is only fetched is cancelled. */
export const givesWay = "something is to be heard";

interface Job {
  readonly pieces: readonly string[];
  readonly openSink: () => Sink;
  readonly keep: boolean;
  readonly resolve: (outcome: Outcome) => void;
}

/** Speaks texts, one at a time: the most urgent first, in the order in which they came, none after its time. */
export class Speech {
  readonly #options: SpeechOptions;
  readonly #service: Service;
  readonly #restraint: Restraint;
  readonly #links = new Map<Link, Promise<void>>();
  #queue: Queue<Job> = [];
  /** `heard`: if not, it is only fetched, and gives way to what is to be heard. */
  #now: { readonly reading: Reading; readonly heard: boolean } | null = null;
  #expiry: Disposable | null = null;
  #stopped = false;

  constructor(options: SpeechOptions) {
    this.#options = options;
    this.#restraint = new Restraint(this.#tracked(options.service.dial), options.clock);
    this.#service = { ...options.service, dial: (listener) => this.#restraint.dial(listener) };
  }

  /** Resolves with what became of the text; never rejects. */
  async say(request: SayRequest): Promise<Outcome> {
    const outcome = await this.#enqueue(request, this.#options.openSink);
    this.#options.onOutcome(outcome);
    return outcome;
  }

  /** Fetches a text that is not kept yet, and keeps it: nothing is heard. Goes after all that is to be heard. */
  prepare(text: string): Promise<Outcome> {
    return this.#enqueue({ text, priority: -1, keep: true }, openNowhere);
  }

  #enqueue(request: SayRequest, openSink: () => Sink): Promise<Outcome> {
    const { text, priority = usualPriority, notAfterMs = null, keep = false } = request;
    const pieces = piecesOf(text);
    if (this.#stopped) return Promise.resolve({ result: "refused", reason: "stopped" });
    if (pieces.length === 0) return Promise.resolve({ result: "refused", reason: "nothing-to-say" });
    const { clock } = this.#options;
    const expiresAtMs = notAfterMs === null ? null : clock.monotonicMs() + notAfterMs - clock.wallMs();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const entry: Entry<Job> = { priority, expiresAtMs, item: { pieces, openSink, keep, resolve } };
    const { queue, displaced } = enqueue(this.#queue, entry);
    this.#queue = queue;
    displaced?.item.resolve({ result: "refused", reason: "queue-full" });
    if (this.#now?.heard === false && openSink !== openNowhere) this.#now.reading.cancel(givesWay);
    this.#next();
    return promise;
  }

  /** The credentials have been exchanged: that the former ones were refused counts no more. */
  credentialsRenewed(): void {
    this.#restraint.forget();
  }

  /** Ends what is being spoken, and forgets what waits. */
  cancel(reason: string): void {
    for (const { item } of this.#queue) {
      item.resolve({ result: "cancelled", reason, spokenMs: 0, firstSoundMs: null, retries: 0, repeats: 0 });
    }
    this.#queue = [];
    this.#now?.reading.cancel(reason);
  }

  /** Ends at once; resolves when every connection, timer and program is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.cancel("stopped");
    await this.#now?.reading.outcome;
    this.#expiry?.[Symbol.dispose]();
    for (const link of this.#links.keys()) link.destroy();
    await Promise.all(this.#links.values());
  }

  #next(): void {
    this.#expiry?.[Symbol.dispose]();
    this.#expiry = null;
    const { clock } = this.#options;
    const { queue, expired } = expire(this.#queue, clock.monotonicMs());
    this.#queue = queue;
    for (const { item } of expired) item.resolve({ result: "expired" });
    if (this.#now !== null) {
      const dueMs = nextExpiryMs(this.#queue);
      if (dueMs !== null) this.#expiry = clock.after(dueMs - clock.monotonicMs(), () => this.#next());
      return;
    }
    const [first, ...rest] = this.#queue;
    if (first === undefined) return;
    this.#queue = rest;
    void this.#speak(first.item);
  }

  async #speak({ pieces, openSink, keep, resolve }: Job): Promise<void> {
    const { config, clock } = this.#options;
    const cache = keep ? this.#options.cache : null;
    const make = (news: () => void) =>
      pieces.map((text) =>
        cache === null
          ? new Piece(text, config, this.#service, news)
          : new KeptPiece(text, config, this.#service, cache, news),
      );
    const reading = new Reading(make, openSink(), config.sampleRate, clock);
    this.#now = { reading, heard: openSink !== openNowhere };
    const outcome = await reading.outcome;
    this.#now = null;
    resolve(outcome);
    this.#next();
  }

  /** Connections are remembered until they are gone: they outlive their text by the closing handshake. */
  #tracked(dial: Dial): Dial {
    return (listener) => {
      const gone = Promise.withResolvers<void>();
      const link = dial({
        ...listener,
        closed: (ending) => {
          this.#links.delete(link);
          gone.resolve();
          listener.closed(ending);
        },
      });
      this.#links.set(link, gone.promise);
      return link;
    };
  }
}
