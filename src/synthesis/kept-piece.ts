import { atMost } from "../base/clock.ts";
import { diskPatienceMs } from "../base/disk-fault.ts";
import type { RttsConfig } from "../sis/rtts.ts";
import { cacheKey, type SpeechCache } from "./cache.ts";
import { Piece, type PieceState, type Service } from "./piece.ts";
import type { Source } from "./reading.ts";

type State =
  | { readonly is: "idle" | "looking" | "cancelled" }
  | { readonly is: "kept"; readonly rest: Int16Array; readonly taken: boolean }
  | { readonly is: "fetching"; readonly piece: Piece };

/** A piece of text whose sound is kept: from the cache where it is there, else from the service and then into the cache. */
export class KeptPiece implements Source {
  readonly #text: string;
  readonly #config: RttsConfig;
  readonly #service: Service;
  readonly #cache: SpeechCache;
  readonly #onChange: () => void;
  #state: State = { is: "idle" };

  constructor(text: string, config: RttsConfig, service: Service, cache: SpeechCache, onChange: () => void) {
    this.#text = text;
    this.#config = config;
    this.#service = service;
    this.#cache = cache;
    this.#onChange = onChange;
  }

  get state(): PieceState {
    switch (this.#state.is) {
      case "looking":
        return { is: "coming" };
      case "kept":
        return { is: "complete" };
      case "fetching":
        return this.#state.piece.state;
      case "idle":
      case "cancelled":
        return { is: this.#state.is };
    }
  }

  get waitingMs(): number {
    if (this.#state.is === "fetching") return this.#state.piece.waitingMs;
    return this.#state.is === "kept" ? (this.#state.rest.length * 1000) / this.#config.sampleRate : 0;
  }

  get begun(): boolean {
    if (this.#state.is === "fetching") return this.#state.piece.begun;
    return this.#state.is === "kept" && this.#state.taken;
  }

  get retries(): number {
    return this.#state.is === "fetching" ? this.#state.piece.retries : 0;
  }

  get repeats(): number {
    return this.#state.is === "fetching" ? this.#state.piece.repeats : 0;
  }

  begin(): void {
    if (this.#state.is !== "idle") return;
    this.#state = { is: "looking" };
    void this.#look();
  }

  cancel(): void {
    if (this.#state.is === "fetching") this.#state.piece.cancel();
    else if (this.#state.is !== "kept") this.#state = { is: "cancelled" };
  }

  take(ms: number): Int16Array | null {
    if (this.#state.is === "fetching") return this.#state.piece.take(ms);
    if (this.#state.is !== "kept" || this.#state.rest.length === 0) return null;
    const most = Math.max(1, Math.round((ms * this.#config.sampleRate) / 1000));
    const sound = this.#state.rest.subarray(0, most);
    this.#state = { is: "kept", rest: this.#state.rest.subarray(most), taken: true };
    return sound;
  }

  async #look(): Promise<void> {
    const key = cacheKey(this.#text, this.#config);
    const kept = await atMost(this.#service.clock, diskPatienceMs, this.#cache.read(key));
    if (this.#state.is !== "looking") return;
    if (kept !== null) {
      this.#state = { is: "kept", rest: kept, taken: false };
      this.#onChange();
      return;
    }
    const keep = (samples: readonly Int16Array[]) => void this.#cache.write(key, samples);
    const piece = new Piece(this.#text, this.#config, this.#service, this.#onChange, keep);
    this.#state = { is: "fetching", piece };
    piece.begin();
  }
}
