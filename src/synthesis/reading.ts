import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Account, Outcome } from "./outcome.ts";
import type { PieceState } from "./piece.ts";
import type { Sink } from "./sink.ts";

/** A piece of the text as its reader sees it: fetched from the service, or from the cache. */
export interface Source {
  readonly state: PieceState;
  readonly waitingMs: number;
  readonly begun: boolean;
  readonly retries: number;
  readonly repeats: number;
  begin(): void;
  cancel(): void;
  take(ms: number): Int16Array | null;
}

/** How often it is looked whether the speaker has room again. */
const lookMs = 50;
/** Sound that is given at a time. */
const sliceMs = 100;

/**
 * Reads one text out: its pieces one after the other into the sink, the next one fetched while one is heard, so that
 * there is no gap. Ends when all was heard, or cannot be.
 */
export class Reading {
  readonly outcome: Promise<Outcome>;
  readonly #pieces: readonly Source[];
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #samplesPerMs: number;
  readonly #over = Promise.withResolvers<Outcome>();
  #current = 0;
  #ended = false;
  #pumping: "no" | "yes" | "again" = "no";
  #timer: Disposable | null = null;
  #givenMs = 0;
  #firstSoundMs: number | null = null;

  /** @param makePieces gets what to call when a piece has news */
  constructor(makePieces: (news: () => void) => readonly Source[], sink: Sink, sampleRate: number, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#samplesPerMs = sampleRate / 1000;
    this.outcome = this.#over.promise;
    this.#pieces = makePieces(() => this.#pump());
    void sink.ended.then((fault) => this.#sinkEnded(fault));
    this.#pump();
  }

  /** Ends it at once. */
  cancel(reason: string): void {
    this.#end({ result: "cancelled", reason, ...this.#account() });
  }

  /** Moves what can be moved now. Moving a piece may bring news of it: they are looked at afterwards. */
  #pump(): void {
    if (this.#pumping !== "no") {
      this.#pumping = "again";
      return;
    }
    do {
      this.#pumping = "yes";
      this.#move();
    } while (this.#isAskedAgain());
    this.#pumping = "no";
  }

  #isAskedAgain(): boolean {
    return this.#pumping === "again";
  }

  #move(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    while (!this.#ended) {
      const piece = this.#pieces[this.#current];
      if (piece === undefined) return this.#sink.finish("whole");
      if (piece.state.is === "idle") return piece.begin();
      const flows = piece.begun || this.#hasCushion(piece);
      if (flows) {
        this.#beginNext();
        this.#giveFrom(piece);
      }
      if (flows && piece.waitingMs > 0) {
        this.#timer = this.#clock.after(lookMs, () => this.#pump());
        return;
      }
      if (piece.state.is === "failed") {
        const { error } = piece.state;
        void this.#finishThen((account) => ({ result: "unspoken", error, ...account }));
        return;
      }
      if (piece.state.is !== "complete") return;
      this.#current += 1;
    }
  }

  #hasCushion(piece: Source): boolean {
    return piece.waitingMs > 0 && (piece.state.is === "complete" || piece.waitingMs >= this.#sink.cushionMs);
  }

  /** The next piece is fetched while this one is heard. */
  #beginNext(): void {
    const next = this.#pieces[this.#current + 1];
    if (next?.state.is === "idle") next.begin();
  }

  #giveFrom(piece: Source): void {
    while (this.#sink.roomMs > 0) {
      const samples = piece.take(Math.min(sliceMs, this.#sink.roomMs));
      if (samples === null) return;
      this.#firstSoundMs ??= Math.round(this.#clock.monotonicMs() - this.#startedMs);
      this.#givenMs += samples.length / this.#samplesPerMs;
      this.#sink.give(samples);
    }
  }

  /** What was given is heard to its end; then it is over. */
  async #finishThen(outcome: (account: Account) => Outcome): Promise<void> {
    this.#stopWork();
    this.#sink.finish("broken off");
    const fault = await this.#sink.ended;
    const account = this.#account();
    this.#over.resolve(fault === null ? outcome(account) : { result: "unheard", fault, ...account });
  }

  #sinkEnded(fault: Fault | null): void {
    const account = this.#account();
    this.#end(fault === null ? { result: "spoken", ...account } : { result: "unheard", fault, ...account });
  }

  #end(outcome: Outcome): void {
    // What was given may still be heard to its end after the last work.
    this.#sink.stop();
    if (this.#ended) return;
    this.#stopWork();
    void this.#sink.ended.then(() => this.#over.resolve(outcome));
  }

  #stopWork(): void {
    this.#ended = true;
    this.#timer?.[Symbol.dispose]();
    for (const piece of this.#pieces) piece.cancel();
  }

  #account(): Account {
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return {
      spokenMs: Math.round(this.#givenMs),
      firstSoundMs: this.#firstSoundMs,
      retries: sum(this.#pieces.map((piece) => piece.retries)),
      repeats: sum(this.#pieces.map((piece) => piece.repeats)),
    };
  }
}
