import { toFault } from "../../base/fault.ts";
import type { Logger } from "../../base/logger.ts";
import { type Evidence, isSpeech, maySpeak, noEvidence, stepEvidence } from "./evidence.ts";
import { Loudness } from "./loudness.ts";
import { frameMs, loadVoiceActivity, type VoiceActivity } from "./voice-activity.ts";

/**
 * An ear for sound of 8000 or 16000 Hz. Its detector comes a little later; until then, and where it cannot be loaded,
 * every sound that is louder than steady noise is speech: nothing is missed.
 */
export function startEar(sampleRate: number, logger: Logger): Ear {
  const ear = new Ear(sampleRate);
  loadVoiceActivity(sampleRate).then(
    (detector) => ear.use(detector),
    (error: unknown) => {
      const { code, message } = toFault(error);
      logger.error("without its voice detector the gate takes every sound for speech", { code, reason: message });
    },
  );
  return ear;
}

/** Hears whether someone speaks. */
export class Ear {
  readonly #frame: Int16Array;
  readonly #loudness: Loudness;
  #isVoice: VoiceActivity = () => true;
  #fill = 0;
  #evidence: Evidence = noEvidence;

  /** @param sampleRate Hz */
  constructor(sampleRate: number) {
    this.#frame = new Int16Array((sampleRate * frameMs) / 1000);
    this.#loudness = new Loudness(sampleRate);
  }

  /** The last sound may be the beginning of speech. */
  get suspects(): boolean {
    return maySpeak(this.#evidence);
  }

  /** The detector is there. */
  use(detector: VoiceActivity): void {
    this.#isVoice = detector;
  }

  /**
   * Takes the next sound, of any length.
   * @returns for each frame that it completes: where in `samples` it ends, and whether someone is speaking there
   */
  *hear(samples: Int16Array): Generator<{ readonly end: number; readonly speech: boolean }> {
    for (let end = 0; end < samples.length; ) {
      const piece = samples.subarray(end, end + this.#frame.length - this.#fill);
      this.#frame.set(piece, this.#fill);
      this.#fill += piece.length;
      end += piece.length;
      if (this.#fill < this.#frame.length) return;
      this.#fill = 0;
      const clue = { voice: this.#isVoice(this.#frame), levelDb: this.#loudness.levelDb(this.#frame) };
      this.#evidence = stepEvidence(this.#evidence, clue);
      yield { end, speech: isSpeech(this.#evidence) };
    }
  }
}
