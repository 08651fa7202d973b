import type { Clock } from "../base/clock.ts";

/**
 * Lets the microphone be muted while the loudspeaker sounds, and for the room's tail after it, in which echoes die away
 * and sound that was captured before is still on its way to us: so that the device never hears itself.
 */
export class HalfDuplex implements Disposable {
  readonly #clock: Clock;
  readonly #tailMs: number;
  readonly #mute: () => Disposable;
  #state:
    | { readonly is: "hearing" }
    | { readonly is: "deaf"; readonly muting: Disposable }
    | { readonly is: "tail"; readonly muting: Disposable; readonly timer: Disposable } = { is: "hearing" };

  /** @param mute nothing of what is captured from now on counts, until what it gives is disposed */
  constructor(clock: Clock, tailMs: number, mute: () => Disposable) {
    this.#clock = clock;
    this.#tailMs = tailMs;
    this.#mute = mute;
  }

  /** The loudspeaker sounds from now on, or does no more. */
  speaking(speaking: boolean): void {
    const before = this.#state;
    if (before.is === "tail") before.timer[Symbol.dispose]();
    if (speaking) {
      this.#state = { is: "deaf", muting: before.is === "hearing" ? this.#mute() : before.muting };
    } else if (before.is !== "hearing") {
      const { muting } = before;
      this.#state = { is: "tail", muting, timer: this.#clock.after(this.#tailMs, () => this.#hear(muting)) };
    }
  }

  [Symbol.dispose](): void {
    if (this.#state.is === "hearing") return;
    if (this.#state.is === "tail") this.#state.timer[Symbol.dispose]();
    this.#hear(this.#state.muting);
  }

  #hear(muting: Disposable): void {
    this.#state = { is: "hearing" };
    muting[Symbol.dispose]();
  }
}
