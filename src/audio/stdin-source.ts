import { type Clock, pause } from "../base/clock.ts";
import { Fault, printable, toFault } from "../base/fault.ts";
import { Converter, describeConversion } from "./convert.ts";
import type { PcmFormat } from "./pcm.ts";
import { runningSource } from "./running.ts";
import type { AudioSource, SourceEvent } from "./source.ts";
import { WavReader } from "./wav.ts";

interface StdinSourceOptions {
  /** Usually `process.stdin`. Owned by the source: destroyed when it stops. */
  readonly input: AsyncIterable<Uint8Array> & { destroy(): unknown };
  /** Hz of raw input, and of the samples delivered. */
  readonly sampleRate: number;
  readonly clock: Clock;
}

/**
 * A live source never runs ahead of time; a file that is piped in waits, or it would be lost in a full buffer.
 * The lead leaks away with time, and silence beforehand is no credit: `(sleep 600; cat file)` waits as well.
 */
const greatestLeadMs = 5_000;

/**
 * Sound from a byte stream, as it comes, but not faster than real time for long: a WAV stream of any kind when it begins
 * with RIFF, or else raw 16-bit little-endian mono at `sampleRate`. Ends with the stream; a stream that breaks or cannot be played ends with a Fault
 * (`source-unreadable`, `source-unusable`).
 */
export function stdinSource(options: StdinSourceOptions): AudioSource {
  return runningSource(
    async (tell, signal) => {
      const fault = await listen(options, tell, signal).then(() => null, faultOf);
      tell({ type: "ended", fault });
    },
    () => options.input.destroy(),
  );
}

async function listen(
  { input, sampleRate, clock }: StdinSourceOptions,
  tell: (event: SourceEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  let converter: Converter | null = null;
  let leadMs = 0;
  let lastMs = clock.monotonicMs();
  for await (const { format, sound } of soundOf(input, sampleRate)) {
    if (signal.aborted) return;
    if (converter === null) {
      converter = new Converter(format, sampleRate);
      tell({ type: "opened", description: `standard input, ${describeConversion(format, sampleRate)}` });
    }
    const samples = converter.push(sound);
    if (samples.length > 0) tell({ type: "audio", samples });
    const nowMs = clock.monotonicMs();
    leadMs = Math.max(0, leadMs - (nowMs - lastMs)) + (samples.length * 1000) / sampleRate;
    lastMs = nowMs;
    if (leadMs > greatestLeadMs) await pause(clock, leadMs - greatestLeadMs, signal);
  }
  if (converter === null) throw new Fault("source-unusable", "it holds no sound");
  const rest = converter.end();
  if (rest.length > 0) tell({ type: "audio", samples: rest });
}

interface Sound {
  readonly format: PcmFormat;
  readonly sound: Uint8Array;
}

/** The first four bytes tell a WAV stream from raw sound. */
async function* soundOf(input: AsyncIterable<Uint8Array>, sampleRate: number): AsyncGenerator<Sound> {
  const raw: PcmFormat = { encoding: "s16", channels: 1, sampleRate };
  const wav = new WavReader();
  let kind: "unknown" | "raw" | "wav" = "unknown";
  let beginning = Buffer.alloc(0);
  for await (const bytes of input) {
    let sound = bytes;
    if (kind === "unknown") {
      beginning = Buffer.concat([beginning, bytes]);
      if (beginning.length < 4) continue;
      kind = ["RIFF", "RF64", "BW64"].includes(beginning.toString("latin1", 0, 4)) ? "wav" : "raw";
      sound = beginning;
    }
    if (kind === "wav") sound = wav.push(sound);
    const format = kind === "wav" ? wav.format : raw;
    if (format !== null && sound.length > 0) yield { format, sound };
  }
  if (kind === "wav") wav.end();
  if (kind === "unknown" && beginning.length > 0) yield { format: raw, sound: beginning };
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return new Fault(error.code, `standard input: ${error.message}`, { hint: error.hint });
  if (!(error instanceof Error && "code" in error)) return toFault(error);
  return new Fault("source-unreadable", `standard input: ${printable(error.message)}`, { cause: error });
}
