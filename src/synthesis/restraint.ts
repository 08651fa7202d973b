import type { Clock } from "../base/clock.ts";
import { diagnoseFault } from "../sis/catalogue.ts";
import { type Link, type LinkEnding, type LinkListener, noLink } from "../sis/link.ts";
import type { Dial } from "./piece.ts";

/** The second one came after fresh credentials had been tried. */
const mostRefusals = 2;
const holdMs = 2 * 60_000;

/**
 * Does not dial for two minutes once the credentials have been refused twice in a row, but gives the same answer at
 * once: five wrong signatures lock an access key for five minutes, for recognition as well.
 */
export class Restraint {
  readonly #dial: Dial;
  readonly #clock: Clock;
  #refusals = 0;
  #last: { readonly ending: LinkEnding; readonly atMs: number } | null = null;

  constructor(dial: Dial, clock: Clock) {
    this.#dial = dial;
    this.#clock = clock;
  }

  dial(listener: LinkListener): Link {
    const last = this.#last;
    if (last !== null && this.#refusals >= mostRefusals && this.#clock.monotonicMs() - last.atMs < holdMs) {
      this.#clock.after(0, () => listener.closed(last.ending));
      return noLink;
    }
    return this.#dial({
      ...listener,
      opened: () => {
        this.forget();
        listener.opened();
      },
      closed: (ending) => {
        if (isRefusal(ending)) {
          this.#refusals += 1;
          this.#last = { ending, atMs: this.#clock.monotonicMs() };
        }
        listener.closed(ending);
      },
    });
  }

  /** From now on the credentials are others. */
  forget(): void {
    this.#refusals = 0;
  }
}

function isRefusal(ending: LinkEnding): boolean {
  if (ending.how === "refused") return ending.diagnosis.class === "credentials";
  return ending.how === "unreachable" && diagnoseFault(ending.fault).class === "credentials";
}
