import { describeFormat, frameBytes, type PcmFormat, readInt16, toInt16, toMono } from "./pcm.ts";
import { Resampler } from "./resample.ts";

/**
 * Turns a stream of bytes of any format into mono 16-bit samples at one rate. Times stay right: output sample n was
 * heard n / sampleRate after the first input sample. Holds a few milliseconds of sound, whatever the length of the stream.
 */
export class Converter {
  readonly #format: PcmFormat;
  readonly #asIs: boolean;
  readonly #resampler: Resampler | null;
  /** A frame whose other bytes have not come yet. */
  #partial = new Uint8Array(0);

  /** @param sampleRate Hz of the output */
  constructor(format: PcmFormat, sampleRate: number) {
    this.#format = format;
    this.#asIs = isAsWanted(format, sampleRate);
    this.#resampler = format.sampleRate === sampleRate ? null : new Resampler(format.sampleRate, sampleRate);
  }

  /** The samples that are ready; none is possible. The result does not depend on how the bytes are cut. */
  push(bytes: Uint8Array): Int16Array {
    if (this.#asIs && this.#partial.length === 0 && bytes.length % 2 === 0) return readInt16(bytes);
    const all = this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    const whole = all.length - (all.length % frameBytes(this.#format));
    this.#partial = whole === all.length ? nothing : new Uint8Array(all.subarray(whole));
    if (this.#asIs) return readInt16(all.subarray(0, whole));
    const mono = toMono(this.#format, all.subarray(0, whole));
    return toInt16(this.#resampler?.push(mono) ?? mono);
  }

  /** The bytes that follow begin a new frame; those of a frame that never became complete are dropped. */
  realign(): void {
    this.#partial = new Uint8Array(0);
  }

  /** The rest; bytes of a frame that never became complete are dropped. Nothing may be pushed after it. */
  end(): Int16Array {
    return toInt16(this.#resampler?.end() ?? new Float32Array(0));
  }
}

const nothing = new Uint8Array(0);

/** What a Converter does, for a person: "44100 Hz stereo 24-bit, converted to 16000 Hz mono". */
export function describeConversion(format: PcmFormat, sampleRate: number): string {
  const asIs = isAsWanted(format, sampleRate);
  return asIs ? describeFormat(format) : `${describeFormat(format)}, converted to ${sampleRate} Hz mono`;
}

function isAsWanted(format: PcmFormat, sampleRate: number): boolean {
  return format.encoding === "s16" && format.channels === 1 && format.sampleRate === sampleRate;
}
