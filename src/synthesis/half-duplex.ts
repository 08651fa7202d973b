import type { Clock } from "../base/clock.ts";

/**
 * When the microphone must not be believed: while the loudspeaker sounds, and for the room's tail after it, in which
 * echoes die away and sound that was captured before is still on its way to us.
 */
export class HalfDuplex implements Disposable {
  readonly #clock: Clock;
  readonly #tailMs: number;
  readonly #onDeaf: (deaf: boolean) => void;
  #state: { readonly is: "hearing" | "deaf" } | { readonly is: "tail"; readonly timer: Disposable } = { is: "hearing" };

  /** @param onDeaf told when it begins and when it is over, in turn */
  constructor(clock: Clock, tailMs: number, onDeaf: (deaf: boolean) => void) {
    this.#clock = clock;
    this.#tailMs = tailMs;
    this.#onDeaf = onDeaf;
  }

  speaking(speaking: boolean): void {
    const before = this.#state;
    this[Symbol.dispose]();
    if (speaking) {
      this.#state = { is: "deaf" };
      if (before.is === "hearing") this.#onDeaf(true);
    } else if (before.is !== "hearing") {
      this.#state = { is: "tail", timer: this.#clock.after(this.#tailMs, () => this.#hear()) };
    }
  }

  [Symbol.dispose](): void {
    if (this.#state.is === "tail") this.#state.timer[Symbol.dispose]();
  }

  #hear(): void {
    this.#state = { is: "hearing" };
    this.#onDeaf(false);
  }
}
