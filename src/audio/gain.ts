/** A change of loudness takes so long: at once it would click. */
const glideMs = 30;

/** Makes sound louder or quieter, and glides from one loudness to the next. Pieces must follow each other. */
export class Gain {
  readonly #glide: number;
  #factor: number | null = null;

  /** @param sampleRate Hz */
  constructor(sampleRate: number) {
    this.#glide = (glideMs * sampleRate) / 1000;
  }

  /**
   * @param db louder (or, negative, quieter) than it comes; what is beyond full scale is cut off
   * @returns the samples themselves where nothing changes
   */
  apply(samples: Int16Array, db: number): Int16Array {
    const target = 10 ** (db / 20);
    let factor = this.#factor ?? target;
    this.#factor = target;
    if (factor === 1 && target === 1) return samples;
    const step = (target - factor) / Math.min(this.#glide, samples.length);
    const changed = new Int16Array(samples.length);
    for (const [n, sample] of samples.entries()) {
      factor = step > 0 ? Math.min(target, factor + step) : Math.max(target, factor + step);
      changed[n] = Math.max(-32_768, Math.min(32_767, Math.round(sample * factor)));
    }
    return changed;
  }
}
