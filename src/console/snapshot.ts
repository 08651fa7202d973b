import type { Clock } from "../base/clock.ts";
import type { Line } from "../fleet/broker-line.ts";
import { subscriptions } from "./topic.ts";

/** What is retained counts as heard when nothing of it came for this long; at the last step, longer. */
const quietMs = 250;
const lastQuietMs = 600;
const lookMs = 100;
/** Everything that is retained is asked for again: a broker may have dropped some of what it had for the console. */
const refreshMs = 600_000;

/** What is told of it. */
export interface SnapshotListener {
  snapshotBegins(): void;
  snapshotEnds(): void;
}

/** Has the broker send all that it keeps, step by step, and again from time to time. */
export class Snapshot implements Disposable {
  readonly #line: Pick<Line, "isOpen" | "subscribe" | "breakOff">;
  readonly #clock: Clock;
  readonly #listener: SnapshotListener;
  #lastKeptMs = 0;
  #isWhole = false;
  #timer: Disposable | null = null;

  constructor(line: Pick<Line, "isOpen" | "subscribe" | "breakOff">, clock: Clock, listener: SnapshotListener) {
    this.#line = line;
    this.#clock = clock;
    this.#listener = listener;
  }

  begin(): void {
    this.#listener.snapshotBegins();
    this.#subscribe(0);
  }

  /** Something of what is kept has come. */
  keptCame(): void {
    this.#lastKeptMs = this.#clock.monotonicMs();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #subscribe(step: number): void {
    const subscription = subscriptions[step];
    if (subscription === undefined) {
      if (!this.#isWhole) this.#listener.snapshotEnds();
      this.#isWhole = true;
      this.#timer = this.#clock.after(refreshMs, () => this.#subscribe(0));
      return;
    }
    this.#line.subscribe(subscription, (refusal) => {
      if (refusal !== null) return this.#line.breakOff(refusal, new Error("the subscription was refused"));
      this.keptCame();
      this.#whenQuiet(subscription.qos === 0 ? quietMs : lastQuietMs, () => this.#subscribe(step + 1));
    });
  }

  #whenQuiet(ms: number, next: () => void): void {
    if (!this.#line.isOpen) return;
    if (this.#clock.monotonicMs() - this.#lastKeptMs >= ms) next();
    else this.#timer = this.#clock.after(lookMs, () => this.#whenQuiet(ms, next));
  }
}
