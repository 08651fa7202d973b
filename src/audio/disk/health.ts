import type { Clock } from "../../base/clock.ts";
import type { Fault } from "../../base/fault.ts";
import { diskFault, slowDisk } from "./faults.ts";

/** After a failure the disk is left alone for so long. */
const retryAfterMs = 5_000;

type State =
  | { readonly is: "well" }
  | { readonly is: "slow" } // it takes what it is given, too slowly
  | { readonly is: "failed"; readonly retryAtMs: number } // tried again then, monotonic clock
  | { readonly is: "barred" }; // not used in this run

/** Whether the disk can be used; tells when that changes. */
export class Health {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #onTrouble: (fault: Fault | null) => void;
  #state: State = { is: "well" };

  /** @param onTrouble the disk cannot be used, and why; null: it can be used again */
  constructor(folder: string, clock: Clock, onTrouble: (fault: Fault | null) => void) {
    this.#folder = folder;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  /** Whether it is worth a try. */
  get usable(): boolean {
    const state = this.#state;
    return state.is === "failed" ? this.#clock.monotonicMs() >= state.retryAtMs : state.is !== "barred";
  }

  get barred(): boolean {
    return this.#state.is === "barred";
  }

  /** It has taken everything. */
  well(): void {
    if (this.#state.is === "well" || this.#state.is === "barred") return;
    this.#state = { is: "well" };
    this.#onTrouble(null);
  }

  slow(): void {
    if (this.#state.is !== "well") return;
    this.#state = { is: "slow" };
    this.#onTrouble(slowDisk(this.#folder));
  }

  failed(error: unknown): void {
    if (!this.usable) return;
    const known = this.#state.is === "failed";
    this.#state = { is: "failed", retryAtMs: this.#clock.monotonicMs() + retryAfterMs };
    if (!known) this.#onTrouble(diskFault(error, this.#folder));
  }

  /** It must not be touched before the next start. */
  bar(error: unknown): void {
    if (this.#state.is === "well") this.#onTrouble(diskFault(error, this.#folder));
    this.#state = { is: "barred" };
  }
}
