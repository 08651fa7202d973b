import type { Clock } from "../../base/clock.ts";
import { diskFault } from "../../base/disk-fault.ts";
import { Fault } from "../../base/fault.ts";

/** After a failure the disk is left alone for so long. */
const retryAfterMs = 5_000;

type State =
  | { readonly is: "well" }
  | { readonly is: "slow" } // it takes what it is given, too slowly
  | { readonly is: "failed"; readonly retryAtMs: number } // tried again then, monotonic clock
  | { readonly is: "barred" }; // not used in this run

/** Whether the disk can be used; tells when that changes. */
export class Health {
  /** What is told, but for the reason. */
  readonly #what: string;
  readonly #clock: Clock;
  readonly #onTrouble: (fault: Fault | null) => void;
  #state: State = { is: "well" };

  /** @param onTrouble the disk cannot be used, and why; null: it can be used again */
  constructor(folder: string, clock: Clock, onTrouble: (fault: Fault | null) => void) {
    this.#what = `sound cannot be kept on disk in ${folder}, only in memory`;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  /** Whether it is worth a try. */
  get usable(): boolean {
    const state = this.#state;
    return state.is === "failed" ? this.#clock.monotonicMs() >= state.retryAtMs : state.is !== "barred";
  }

  /** Whether it takes what it is given. */
  get isWell(): boolean {
    return this.#state.is === "well";
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
    const hint = "Look for other load on the disk or memory card, or replace it.";
    this.#onTrouble(new Fault("disk-slow", `${this.#what}: the disk is too slow`, { hint }));
  }

  failed(error: unknown): void {
    if (!this.usable) return;
    const known = this.#state.is === "failed";
    this.#state = { is: "failed", retryAtMs: this.#clock.monotonicMs() + retryAfterMs };
    if (!known) this.#onTrouble(diskFault(this.#what, error));
  }

  /** It must not be touched before the next start. */
  bar(error: unknown): void {
    if (this.#state.is === "well") this.#onTrouble(diskFault(this.#what, error));
    this.#state = { is: "barred" };
  }
}
