import type { Clock } from "../base/clock.ts";
import { Fault, printable } from "../base/fault.ts";
import type { Random } from "../base/random.ts";
import { silentDevice, talk } from "../base/serial.ts";
import { Converter } from "./convert.ts";
import { Deframer, type Frame } from "./deframer.ts";
import type { AudioSource, SourceEvent } from "./source.ts";
import { type Breakdown, supervised } from "./supervised.ts";
import { whenSilent } from "./watchdog.ts";

interface SerialSourceOptions {
  /** `/dev/ttyACM0`, … */
  readonly path: string;
  readonly baudRate: number;
  /** Hz of the samples delivered; what the microphone sends is converted. */
  readonly sampleRate: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** A board may reset when its port is opened. */
const firstSoundMs = 8000;
const stallMs = 2000;
/**
 * So many frames may be missing in a row. More, or more than there was time for: the microphone has started anew, and
 * its numbers with it.
 */
const mostMissing = 1000;

/**
 * A microphone on a serial port that sends frames (deframer.ts). Frames that are missing are an `overrun` of their length.
 * Opened again, with back-off, for as long as it takes; never ends by itself.
 */
export function serialSource(options: SerialSourceOptions): AudioSource {
  return supervised((tell, stop) => record(options, tell, stop), options);
}

async function record(
  options: SerialSourceOptions,
  tell: (event: SourceEvent) => void,
  stop: AbortSignal,
): Promise<Breakdown | null> {
  const stalled = new AbortController();
  using ear = new Ear(options, tell, () => stalled.abort());
  const deframer = new Deframer();
  const fault = await talk(
    {
      ...options,
      opened: () => {},
      heard: (bytes) => {
        for (const frame of deframer.push(bytes)) ear.hear(frame);
      },
    },
    AbortSignal.any([stop, stalled.signal]),
  );
  const soundMs = ear.soundMs();
  if (stop.aborted) return null;
  if (fault !== null) return { fault, soundMs };
  return { fault: soundMs > 0 ? silence(options.path) : noMicrophone(options.path), soundMs };
}

/** Listens to the frames: puts them together, counts what is missing, and notices when they stay away. */
class Ear implements Disposable {
  readonly #options: SerialSourceOptions;
  readonly #tell: (event: SourceEvent) => void;
  readonly #stalled: () => void;
  #sound: { readonly sinceMs: number; readonly lastMs: number; readonly number: number } | null = null;
  #converter: { readonly from: number; readonly converter: Converter } | null = null;
  #watchdog: Disposable;

  constructor(options: SerialSourceOptions, tell: (event: SourceEvent) => void, stalled: () => void) {
    this.#options = options;
    this.#tell = tell;
    this.#stalled = stalled;
    this.#watchdog = whenSilent(options.clock, firstSoundMs, stalled);
  }

  /** For how long there has been sound. */
  soundMs(): number {
    return this.#sound === null ? 0 : this.#options.clock.monotonicMs() - this.#sound.sinceMs;
  }

  hear(frame: Frame): void {
    const { clock, path, sampleRate } = this.#options;
    const nowMs = clock.monotonicMs();
    const frameMs = (frame.samples.length * 1000) / frame.sampleRate;
    const before = this.#sound;
    if (before === null) {
      this.#tell({ type: "opened", description: `serial microphone at ${printable(path)}, ${frame.sampleRate} Hz` });
    } else {
      const missing = (frame.number - before.number - 1 + 0x1_0000) % 0x1_0000;
      const restarted = missing > mostMissing || missing * frameMs > nowMs - before.lastMs + stallMs;
      const lostMs = restarted ? nowMs - before.lastMs - frameMs : missing * frameMs;
      if (missing > 0 && lostMs > 0) this.#tell({ type: "overrun", lostMs: Math.round(lostMs) });
    }
    this.#sound = { sinceMs: before?.sinceMs ?? nowMs, lastMs: nowMs, number: frame.number };
    this.#watchdog[Symbol.dispose]();
    this.#watchdog = whenSilent(clock, stallMs, this.#stalled);
    if (this.#converter?.from !== frame.sampleRate) {
      const format = { encoding: "s16", channels: 1, sampleRate: frame.sampleRate } as const;
      this.#converter = { from: frame.sampleRate, converter: new Converter(format, sampleRate) };
    }
    const { buffer, byteOffset, byteLength } = frame.samples;
    const samples = this.#converter.converter.push(new Uint8Array(buffer, byteOffset, byteLength));
    if (samples.length > 0) this.#tell({ type: "audio", samples });
  }

  [Symbol.dispose](): void {
    this.#watchdog[Symbol.dispose]();
  }
}

function silence(path: string): Fault {
  return new Fault("serial-silent", `the microphone at ${printable(path)} gave no sound for ${stallMs / 1000} s`, {
    hint: "Plug the microphone in anew.",
  });
}

function noMicrophone(path: string): Fault {
  return silentDevice(
    path,
    "a microphone",
    "Check that audio.path is its port, audio.baud its speed, and its firmware.",
  );
}
