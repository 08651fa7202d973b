import { setTimeout as sleep } from "node:timers/promises";
import type { Profile } from "./draw.ts";
import { Liveness } from "./liveness.ts";
import type { Scene } from "./scene.ts";
import type { Spans } from "./spans.ts";

const lookEveryMs = 100;
/** How far behind sound that flows live may be, ms. In sentence mode it waits for the next session after each sentence. */
const lagMs: Readonly<Record<Profile["mode"], number>> = { continuous: 600, sentence: 2500 };

/** Looks at a scene again and again. Times are of `performance.now()`, ms. */
export class Watch implements Disposable {
  readonly #liveness: Liveness;
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();
  #heldUpMs = 0;

  /** @param heard what recorders gave, ms of the room's time */
  constructor({ service, room, shape }: Scene, { mode }: Profile, heard: () => Spans) {
    this.#liveness = new Liveness(shape, lagMs[mode]);
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      this.#heldUpMs = Math.max(this.#heldUpMs, nowMs - this.#lastMs - lookEveryMs);
      this.#lastMs = nowMs;
      this.#liveness.look(service.state(), heard(), room.nowMs() ?? 0, nowMs);
    }, lookEveryMs);
  }

  /** For how long at most the machine did not let this process run when it was due. */
  get heldUpMs(): number {
    return this.#heldUpMs;
  }

  /** Resolves with the first moment from `sinceMs` on at which sound flows live; null: not within `withinMs`. */
  async liveFrom(sinceMs: number, withinMs: number): Promise<number | null> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const liveMs = this.#liveness.liveFrom(sinceMs);
      if (liveMs !== null) return liveMs;
      if (performance.now() > deadline) return null;
      await sleep(lookEveryMs);
    }
  }

  /** Calls `action` once when sound has been flowing live for `forMs` from now on. Disposing cancels it. */
  whenWellFor(forMs: number, action: () => void): Disposable {
    const fromMs = performance.now();
    const timer = setInterval(() => {
      if (Math.min(this.#liveness.wellForMs(), performance.now() - fromMs) < forMs) return;
      clearInterval(timer);
      action();
    }, lookEveryMs);
    return timer;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
