import type { Logger } from "../base/logger.ts";
import { startEar } from "./gate/ear.ts";
import { windowFrames } from "./gate/evidence.ts";
import {
  type Decision,
  decidedOnLeaving,
  decidedStaying,
  type GateEvent,
  type GateState,
  type Muting,
  stepGate,
} from "./gate/machine.ts";
import { frameMs } from "./gate/voice-activity.ts";
import type { Position } from "./timeline.ts";

/** Hears where someone speaks. */
interface Listener {
  /** Takes the next sound. @returns frame by frame: where in `samples` it ends, and whether someone is speaking there */
  hear(samples: Int16Array): Iterable<{ readonly end: number; readonly speech: boolean }>;
  /** The last sound may be the beginning of speech. */
  readonly suspects: boolean;
}

interface GateOptions {
  /** `shut`: nothing passes until someone speaks or the button is held. */
  readonly at: "shut" | "always";
  /** null: only the button opens the gate. */
  readonly ear: Listener | null;
  /** Hz */
  readonly sampleRate: number;
  /** Where in the log the sound begins that it will hear. */
  readonly start: Position;
  /** How long sound passes after the last speech, and after the button. */
  readonly hangoverMs: number;
  /** Told what becomes of all sound before a position that nothing was decided about yet. Positions only rise. */
  readonly decide: (decision: Decision) => void;
}

/**
 * The gate in front of the service.
 *
 * @param options.kind `always`: all sound passes; `speech`: while someone speaks, or the button is held; `button`: only then
 * @param options.sampleRate 8000 or 16000 Hz
 */
export function startGate(
  options: Pick<GateOptions, "sampleRate" | "start" | "hangoverMs" | "decide"> & {
    readonly kind: "always" | "speech" | "button";
    readonly logger: Logger;
  },
): Gate {
  const { kind, sampleRate, logger } = options;
  const ear = kind === "speech" ? startEar(sampleRate, logger) : null;
  return new Gate({ ...options, at: kind === "always" ? "always" : "shut", ear });
}

/** Sound this long before speech, or before the button was pressed, passes, too: the first syllable is never clipped. */
const preRollMs = 500;
/** How much longer the gate stays open than the service needs to notice the end of a sentence. */
const marginMs = 400;
const shortestHangoverMs = 1000;
/** What a shut gate keeps: speech is noticed only some frames after its beginning. */
const keptMs = preRollMs + windowFrames * frameMs;

/**
 * How long sound has to pass after speech, so that the service, too, hears that it is over.
 *
 * @param vadTailMs silence that ends a sentence for the service
 * @param messageMs sound in one message: as much may wait to be sent
 */
export function hangoverMs(vadTailMs: number, messageMs: number): number {
  return Math.max(shortestHangoverMs, vadTailMs + messageMs + marginMs);
}

/**
 * Decides which sound is sent. It hears all sound, in the order of the log, and decides late where it must: while it is
 * shut, the latest sound stays undecided, so that it can still be sent as the beginning of what follows.
 */
export class Gate {
  readonly #tell: GateOptions["decide"];
  readonly #ear: Listener | null;
  readonly #samplesPerMs: number;
  readonly #kept: number;
  readonly #preRoll: number;
  #hangover: number;
  #state: GateState;
  #heard: Position;
  #decided: Position;

  constructor(options: GateOptions) {
    this.#samplesPerMs = options.sampleRate / 1000;
    this.#tell = options.decide;
    this.#hangover = this.#samplesIn(options.hangoverMs);
    this.#kept = this.#samplesIn(keptMs);
    this.#preRoll = this.#samplesIn(preRollMs);
    this.#heard = options.start;
    this.#decided = options.start;
    this.#state = { phase: options.at };
    this.#ear = options.ear;
  }

  /** Sound has been added to the log. */
  heard(samples: Int16Array): void {
    const from = this.#heard;
    this.#heard = from + samples.length;
    if (this.#state.phase === "always") {
      this.#decide({ upTo: this.#heard, verdict: "send" });
      return;
    }
    const frames = this.#ear?.hear(samples) ?? [{ end: samples.length, speech: false }];
    for (const { end, speech } of frames) this.#step({ type: "frame", speech }, from + end);
    this.#decide(decidedStaying(this.#state, this.#heard, this.#kept));
  }

  /** How long sound passes after speech, and after the button, is different from the next time on. */
  lingerFor(ms: number): void {
    this.#hangover = this.#samplesIn(ms);
  }

  /** Sound goes on after so long without any: the hangover is shorter by that, also where the button was let go of meanwhile. */
  resume(afterMs: number): void {
    this.#step({ type: "missed", samples: this.#samplesIn(afterMs) }, this.#heard);
  }

  /** No more sound will come, or not soon: what is undecided passes only if it may be the beginning of a word. */
  end(): void {
    const verdict = this.#ear?.suspects === true ? "send" : "silence";
    this.#decide({ upTo: this.#heard, verdict });
  }

  /** The talk button goes down. */
  press(): void {
    // What is kept beyond that is for speech, which is noticed late.
    this.#decide({ upTo: this.#heard - this.#preRoll, verdict: "silence" });
    this.#step({ type: "press" }, this.#heard);
  }

  /** The talk button goes up. */
  release(): void {
    this.#step({ type: "release" }, this.#heard);
  }

  /** Nothing of what is captured from now on is sent, until this and every other muting is disposed. */
  mute(why: Muting = "muted"): Disposable {
    this.#step({ type: "mute", why }, this.#heard);
    let over = false;
    return {
      [Symbol.dispose]: () => {
        if (!over) this.#step({ type: "unmute", why }, this.#heard);
        over = true;
      },
    };
  }

  #samplesIn(ms: number): number {
    return Math.round(ms * this.#samplesPerMs);
  }

  #step(event: GateEvent, at: Position): void {
    const next = stepGate(this.#state, event, { at, hangover: this.#hangover });
    const decision = decidedOnLeaving(this.#state, next, at);
    this.#state = next;
    if (decision !== null) this.#decide(decision);
  }

  #decide(decision: Decision): void {
    if (decision.upTo <= this.#decided) return;
    this.#decided = decision.upTo;
    this.#tell(decision);
  }
}
