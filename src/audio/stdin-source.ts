import type { Clock } from "../base/clock.ts";
import { Fault, printable, toFault } from "../base/fault.ts";
import type { ByteInput } from "./byte-input.ts";
import { Converter, describeConversion } from "./convert.ts";
import type { PcmFormat } from "./pcm.ts";
import { runningSource } from "./running.ts";
import type { AudioSource, SourceEvent } from "./source.ts";
import { WavReader } from "./wav.ts";

interface StdinSourceOptions {
  /** Owned by the source: destroyed when it stops. */
  readonly input: ByteInput;
  /** Hz of raw input, and of the samples delivered. */
  readonly sampleRate: number;
  readonly clock: Clock;
}

/**
 * A live source never runs ahead of time; a file that is piped in waits, or it would be lost in a full buffer.
 * The lead leaks away with time, and silence beforehand is no credit: `(sleep 600; cat file)` waits as well.
 */
const greatestLeadMs = 5_000;
/** It is looked at after so much sound. */
const lookEveryMs = 500;

/**
 * Sound from a byte stream, as it comes, but not faster than real time for long: a WAV stream of any kind when it
 * begins with RIFF, or else raw 16-bit little-endian mono at `sampleRate`. Ends with the stream; a stream that breaks
 * or cannot be played ends with a Fault (`source-unreadable`, `source-unusable`).
 */
export function stdinSource(options: StdinSourceOptions): AudioSource {
  return runningSource(
    async (tell) => {
      const fault = await listen(options, tell).then(() => null, faultOf);
      tell({ type: "ended", fault });
    },
    () => options.input.destroy(),
  );
}

async function listen(
  { input, sampleRate, clock }: StdinSourceOptions,
  tell: (event: SourceEvent) => void,
): Promise<void> {
  const decoder = new Decoder(sampleRate, (description) => tell({ type: "opened", description }));
  using lead = new Lead(input, clock);
  await input.listen((bytes) => {
    const samples = decoder.push(bytes);
    if (samples.length > 0) tell({ type: "audio", samples });
    lead.add((samples.length * 1000) / sampleRate);
  });
  const rest = decoder.end();
  if (rest.length > 0) tell({ type: "audio", samples: rest });
}

/** How far the sound is ahead of time. */
class Lead implements Disposable {
  readonly #input: ByteInput;
  readonly #clock: Clock;
  #newMs = 0;
  #leadMs = 0;
  #lastMs: number;
  #waiting: Disposable | null = null;

  constructor(input: ByteInput, clock: Clock) {
    this.#input = input;
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
  }

  /** So much sound has come just now. When it is too much, the input waits. */
  add(soundMs: number): void {
    this.#newMs += soundMs;
    if (this.#newMs < lookEveryMs) return;
    const nowMs = this.#clock.monotonicMs();
    this.#leadMs = Math.max(0, this.#leadMs - (nowMs - this.#lastMs)) + this.#newMs;
    this.#newMs = 0;
    this.#lastMs = nowMs;
    if (this.#leadMs <= greatestLeadMs) return;
    this.#input.pause();
    this.#waiting?.[Symbol.dispose]();
    this.#waiting = this.#clock.after(this.#leadMs - greatestLeadMs, () => this.#input.resume());
  }

  [Symbol.dispose](): void {
    this.#waiting?.[Symbol.dispose]();
  }
}

const wavMagic: ReadonlySet<string> = new Set(["RIFF", "RF64", "BW64"]);

/** Bytes to samples. The first four tell a WAV stream from raw sound. */
class Decoder {
  readonly #sampleRate: number;
  readonly #onOpened: (description: string) => void;
  #stream:
    | { readonly kind: "unknown"; readonly beginning: Uint8Array }
    | { readonly kind: "raw" }
    | { readonly kind: "wav"; readonly reader: WavReader } = { kind: "unknown", beginning: new Uint8Array(0) };
  #converter: Converter | null = null;

  /** @param onOpened told what the sound is, before the first of it */
  constructor(sampleRate: number, onOpened: (description: string) => void) {
    this.#sampleRate = sampleRate;
    this.#onOpened = onOpened;
  }

  /** @throws {Fault} `source-unusable`: a WAV stream that cannot be played */
  push(bytes: Uint8Array): Int16Array {
    if (this.#stream.kind === "raw" && this.#converter !== null) return this.#converter.push(bytes);
    if (this.#stream.kind !== "unknown") return this.#convert(bytes);
    const beginning = Buffer.concat([this.#stream.beginning, bytes]);
    if (beginning.length < 4) {
      this.#stream = { kind: "unknown", beginning };
      return new Int16Array(0);
    }
    const wav = wavMagic.has(beginning.toString("latin1", 0, 4));
    this.#stream = wav ? { kind: "wav", reader: new WavReader() } : { kind: "raw" };
    return this.#convert(beginning);
  }

  /** @returns the last samples @throws {Fault} `source-unusable`: there was no sound */
  end(): Int16Array {
    const stream = this.#stream;
    if (stream.kind === "wav") stream.reader.end();
    const short = stream.kind === "unknown" ? this.#toSamples(stream.beginning, this.#raw) : new Int16Array(0);
    if (this.#converter === null) throw new Fault("source-unusable", "it holds no sound");
    const rest = this.#converter.end();
    return short.length > 0 ? short : rest;
  }

  get #raw(): PcmFormat {
    return { encoding: "s16", channels: 1, sampleRate: this.#sampleRate };
  }

  #convert(bytes: Uint8Array): Int16Array {
    if (this.#stream.kind !== "wav") return this.#toSamples(bytes, this.#raw);
    const sound = this.#stream.reader.push(bytes);
    return this.#toSamples(sound, this.#stream.reader.format);
  }

  #toSamples(sound: Uint8Array, format: PcmFormat | null): Int16Array {
    if (format === null || sound.length === 0) return new Int16Array(0);
    if (this.#converter === null) {
      this.#converter = new Converter(format, this.#sampleRate);
      this.#onOpened(`standard input, ${describeConversion(format, this.#sampleRate)}`);
    }
    return this.#converter.push(sound);
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return new Fault(error.code, `standard input: ${error.message}`, { hint: error.hint });
  if (!(error instanceof Error && "code" in error)) return toFault(error);
  return new Fault("source-unreadable", `standard input: ${printable(error.message)}`, { cause: error });
}
