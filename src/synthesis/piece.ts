import { Converter } from "../audio/convert.ts";
import type { Encoding } from "../audio/pcm.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Link, LinkListener } from "../sis/link.ts";
import { encodeRttsStart, type RttsConfig, type SpeechFormat } from "../sis/rtts.ts";
import { soundBounds, step } from "./machine.ts";
import type { SpeechError, SpeechIrregularity } from "./report.ts";
import { untried } from "./retry.ts";
import type { Effect, Event, SoundBounds, State } from "./state.ts";

/** Opens one connection to the service. `closed` is told exactly once, whatever happens. */
export type Dial = (listener: LinkListener) => Link;

/** What fetching speech needs, the same for all texts. */
export interface Service {
  readonly dial: Dial;
  /** The service refused the credentials in use. */
  readonly credentialsRefused: (serverDateMs: number | null) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: SpeechError) => void;
  /** The service has given all the sound of a piece. */
  readonly onFetched: () => void;
  readonly onIrregularity: (irregularity: SpeechIrregularity) => void;
}

/** How the fetching of a piece stands, as far as its text's reader needs to know. */
export type PieceState =
  | { readonly is: "idle" | "coming" | "complete" | "cancelled" }
  | { readonly is: "failed"; readonly error: SpeechError };

const encodings: Readonly<Record<SpeechFormat, Encoding>> = { pcm: "s16", alaw: "alaw", ulaw: "mulaw" };

/**
 * One piece of text on its way to becoming sound: samples wait here until they are taken. The machine decides; this
 * shell owns the connection and the deadline, feeds events in and carries effects out.
 */
export class Piece {
  readonly #text: string;
  readonly #config: RttsConfig;
  readonly #bounds: SoundBounds;
  readonly #service: Service;
  readonly #onChange: () => void;
  #state: State = { phase: "idle", tries: untried };
  #attempt: Link | null = null;
  #deadline: Disposable | null = null;
  #converter: Converter;
  /** Of the running attempt: what has not been taken yet, and whether any was. */
  #waiting: Int16Array[] = [];
  #waitingSamples = 0;
  #taken = 0;
  readonly #onComplete: ((samples: readonly Int16Array[]) => void) | null;
  #all: Int16Array[] = [];

  /**
   * @param onChange sound has come, or the piece's state has changed
   * @param onComplete gets the sound of the whole piece; null: nobody wants it
   */
  constructor(
    text: string,
    config: RttsConfig,
    service: Service,
    onChange: () => void,
    onComplete: ((samples: readonly Int16Array[]) => void) | null = null,
  ) {
    this.#onComplete = onComplete;
    this.#text = text;
    this.#config = config;
    this.#bounds = soundBounds(text, config);
    this.#service = service;
    this.#onChange = onChange;
    this.#converter = converterOf(config);
  }

  get state(): PieceState {
    switch (this.#state.phase) {
      case "idle":
        return { is: "idle" };
      case "done":
        return { is: "complete" };
      case "failed":
        return { is: "failed", error: this.#state.error };
      case "cancelled":
        return { is: "cancelled" };
      case "connecting":
      case "starting":
      case "hearing":
      case "waiting":
        return { is: "coming" };
    }
  }

  /** Sound that waits to be taken, ms. */
  get waitingMs(): number {
    return (this.#waitingSamples * 1000) / this.#config.sampleRate;
  }

  /** How often the service had to be asked again. */
  get retries(): number {
    return this.#state.tries.failures;
  }

  /** How often it was begun again after some of it had been taken. */
  get repeats(): number {
    return this.#state.tries.repeats;
  }

  /** Sound of the running attempt has been taken: should it fail, a part of the piece has been heard. */
  get begun(): boolean {
    return this.#taken > 0;
  }

  begin(): void {
    this.#dispatch({ type: "begin" });
  }

  cancel(): void {
    this.#dispatch({ type: "cancel" });
  }

  /** The next sound, about `ms` of it at the most; null where none waits. It counts as heard from now on. */
  take(ms: number): Int16Array | null {
    const first = this.#waiting.shift();
    if (first === undefined) return null;
    const most = Math.max(1, Math.round((ms * this.#config.sampleRate) / 1000));
    if (first.length > most) this.#waiting.unshift(first.subarray(most));
    const sound = first.subarray(0, most);
    this.#waitingSamples -= sound.length;
    this.#taken += sound.length;
    return sound;
  }

  #dispatch(event: Event): void {
    const { random } = this.#service;
    const before = this.#state;
    const { next, effects } = step(before, event, { random, bounds: this.#bounds, heard: this.begun });
    this.#state = next;
    if (next.phase !== before.phase) this.#clearDeadline();
    for (const effect of effects) this.#perform(effect);
    if (next.phase === "done" && before.phase !== "done") {
      this.#service.onFetched();
      this.#onComplete?.(this.#all);
    }
    if (next !== before) this.#onChange();
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "connect":
        this.#attempt = this.#open();
        break;
      case "start":
        this.#attempt?.sendText(encodeRttsStart(this.#text, this.#config));
        break;
      case "keep":
        this.#keep(this.#converter.push(effect.bytes));
        break;
      case "void":
        this.#waiting = [];
        this.#waitingSamples = 0;
        this.#taken = 0;
        this.#all = [];
        this.#converter = converterOf(this.#config);
        break;
      case "close": {
        const link = this.#attempt;
        this.#attempt = null;
        link?.close();
        break;
      }
      case "wait":
        this.#clearDeadline();
        this.#deadline = this.#service.clock.after(effect.ms, () => this.#dispatch({ type: "deadline" }));
        break;
      case "renew-credentials":
        this.#service.credentialsRefused(effect.serverDateMs);
        break;
      case "report":
        this.#service.onError(effect.error);
        break;
      case "note":
        this.#service.onIrregularity(effect.irregularity);
        break;
    }
  }

  /** What an older connection still says is stale: only the one in use is listened to. */
  #open(): Link {
    const tell = (event: Event) => {
      if (this.#attempt === link) this.#dispatch(event);
    };
    const link: Link = this.#service.dial({
      opened: () => tell({ type: "opened" }),
      reply: (reply) => tell(reply),
      audio: (bytes) => tell({ type: "sound", bytes }),
      malformed: (fault) => tell({ type: "malformed", fault }),
      confirmed() {},
      closed: (ending) => tell({ type: "closed", ending }),
    });
    return link;
  }

  #keep(samples: Int16Array): void {
    if (samples.length === 0) return;
    this.#waiting.push(samples);
    this.#waitingSamples += samples.length;
    if (this.#onComplete !== null) this.#all.push(samples);
  }

  #clearDeadline(): void {
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = null;
  }
}

function converterOf({ audioFormat, sampleRate }: RttsConfig): Converter {
  return new Converter({ encoding: encodings[audioFormat], channels: 1, sampleRate }, sampleRate);
}
