import { overFloor, surelyQuiet } from "./lull.ts";

/** Stretches of so much sound are judged as one. */
const stretchMs = 300;
/** One sample of so many is enough to tell how loud it was. */
const step = 3;
/** What is loud so shortly behind a result is what the result is about, ringing out. */
const ringsOutMs = 300;

interface Stretch {
  /** Where it ends, ms of the session. */
  readonly toMs: number;
  /** Of 16-bit samples, a constant offset apart. */
  readonly rms: number;
}

/**
 * How loud a session's sound is that the service has not answered. A service says nothing when nobody speaks, and nothing
 * when it hangs: only what is quiet can be taken for silence without an answer.
 */
export class Unanswered {
  readonly #sampleRate: number;
  readonly #stretches: Stretch[] = [];
  /** The quietest of all. */
  #floor = Number.POSITIVE_INFINITY;
  /** What lies before is answered, or was quiet. */
  #doneMs = 0;
  #toMs = 0;
  /** Of the stretch that is not complete yet. */
  #ms = 0;
  #counted = 0;
  #sum = 0;
  #sumOfSquares = 0;

  /** @param sampleRate Hz */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** More of the session's sound. */
  add(samples: Int16Array): void {
    let [counted, sum, sumOfSquares] = [0, 0, 0];
    // By index: the compiler takes minutes of a real-time stream to find out what an iterator over it is.
    for (let n = 0; n < samples.length; n += step) {
      const sample = samples[n] ?? 0;
      counted += 1;
      sum += sample;
      sumOfSquares += sample * sample;
    }
    this.#counted += counted;
    this.#sum += sum;
    this.#sumOfSquares += sumOfSquares;
    const ms = (samples.length * 1000) / this.#sampleRate;
    this.#ms += ms;
    this.#toMs += ms;
    if (this.#ms < stretchMs) return;
    // A cheap sound card's constant offset is not loud.
    const mean = this.#sum / this.#counted;
    const rms = Math.sqrt(Math.max(0, this.#sumOfSquares / this.#counted - mean * mean));
    this.#stretches.push({ toMs: this.#toMs, rms });
    this.#floor = Math.min(this.#floor, rms);
    this.#ms = 0;
    this.#counted = 0;
    this.#sum = 0;
    this.#sumOfSquares = 0;
  }

  /** A result covers all before `ms` of the session. */
  answered(ms: number): void {
    this.#drop(({ toMs }) => toMs <= ms + ringsOutMs);
    this.#doneMs = Math.max(this.#doneMs, ms);
  }

  /**
   * What is quiet before `ms` of the session is done with.
   * @returns where that ends, or the last answer if it is behind it, and whether something loud is there that should have
   *   been answered by then
   */
  quietTo(ms: number): { readonly toMs: number; readonly thenLoud: boolean } {
    const mostRms = Math.max(surelyQuiet, overFloor * this.#floor);
    const last = this.#drop(({ toMs, rms }) => toMs <= ms && rms <= mostRms);
    this.#doneMs = Math.max(this.#doneMs, last?.toMs ?? 0);
    const [first] = this.#stretches;
    return { toMs: this.#doneMs, thenLoud: first !== undefined && first.toMs <= ms };
  }

  /** @returns the last of the stretches that are no longer of interest */
  #drop(isDone: (stretch: Stretch) => boolean): Stretch | undefined {
    const next = this.#stretches.findIndex((each) => !isDone(each));
    return this.#stretches.splice(0, next < 0 ? this.#stretches.length : next).at(-1);
  }
}
