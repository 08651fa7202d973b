import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type Clock, pause } from "../base/clock.ts";
import { Fault, printable, toFault } from "../base/fault.ts";
import { Converter, describeConversion } from "./convert.ts";
import { frameBytes, type PcmFormat } from "./pcm.ts";
import { runningSource } from "./running.ts";
import type { AudioSource, SourceEvent } from "./source.ts";
import { WavReader } from "./wav.ts";

interface FileSourceOptions {
  readonly path: string;
  /** Hz of the samples delivered. */
  readonly sampleRate: number;
  /** Starts again at its end, without a gap, for ever. */
  readonly loop: boolean;
  /** 1 = real time. */
  readonly speed: number;
  readonly clock: Clock;
}

/** How much sound an event carries at most. */
const chunkMs = 50;
const readBytes = 32 * 1024;

/**
 * A WAV file of any rate, width and number of channels, played as if it were a microphone: each piece of sound comes
 * when it would have been heard. A process that was held up delivers at once what has become due. The file is read as
 * it is played. A file that cannot be read or played: `ended` with a Fault (`source-unreadable`, `source-unusable`); so ends
 * one that breaks off, once the sound that is there has been played.
 */
export function fileSource(options: FileSourceOptions): AudioSource {
  return runningSource(async (tell, signal) => {
    const fault = await play(options, tell, signal).then(
      () => null,
      (error: unknown) => faultOf(options.path, error),
    );
    tell({ type: "ended", fault });
  });
}

async function play(
  { path, sampleRate, loop, speed, clock }: FileSourceOptions,
  tell: (event: SourceEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  // A pipe would hold up a thread until somebody writes into it, and the process's end as well.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) throw new Fault("source-unreadable", "it is not a file");
  const startMs = clock.monotonicMs();
  let played = 0;
  const opened = (format: PcmFormat) =>
    tell({ type: "opened", description: `${printable(path)}, ${describeConversion(format, sampleRate)}` });
  for await (const samples of decode(file, sampleRate, loop, signal, opened)) {
    for (const chunk of cut(samples, Math.ceil((sampleRate * chunkMs) / 1000))) {
      const dueMs = startMs + ((played + chunk.length) * 1000) / sampleRate / speed;
      const waitMs = dueMs - clock.monotonicMs();
      if (waitMs > 0) await pause(clock, waitMs, signal);
      if (signal.aborted) return;
      played += chunk.length;
      tell({ type: "audio", samples: chunk });
    }
  }
}

/** The file's sound, converted; with `loop`, over and over in one stream, as if it were on a ring of tape. */
async function* decode(
  file: FileHandle,
  sampleRate: number,
  loop: boolean,
  signal: AbortSignal,
  opened: (format: PcmFormat) => void,
): AsyncGenerator<Int16Array> {
  let converter: Converter | null = null;
  let fault: Fault | null = null;
  do {
    let silent = true;
    const reader = new WavReader();
    for await (const { format, sound } of soundOf(file, reader)) {
      if (signal.aborted) return;
      if (converter === null) {
        converter = new Converter(format, sampleRate);
        opened(format);
      }
      yield converter.push(sound);
      silent = false;
    }
    if (silent) throw new Fault("source-unusable", "it holds no sound");
    fault = brokenOff(reader);
    converter?.realign();
  } while (loop);
  if (converter !== null) yield converter.end();
  if (fault !== null) throw fault;
}

/** Reads the file once, from its beginning. */
async function* soundOf(
  file: FileHandle,
  reader: WavReader,
): AsyncGenerator<{ readonly format: PcmFormat; readonly sound: Uint8Array }> {
  const buffer = new Uint8Array(readBytes);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read({ buffer, position });
    if (bytesRead === 0) break;
    position += bytesRead;
    const sound = reader.push(buffer.subarray(0, bytesRead));
    if (reader.format !== null && sound.length > 0) yield { format: reader.format, sound };
  }
  reader.end();
}

/** What is to be said of a file that has been read; null: it is whole. */
function brokenOff({ format, missingBytes }: WavReader): Fault | null {
  if (format === null || missingBytes === 0) return null;
  const seconds = (missingBytes / frameBytes(format) / format.sampleRate).toFixed(1);
  return new Fault("source-unusable", `it breaks off: ${seconds} s of the sound that its header promises are missing`, {
    hint: "what is there was played; copy the file again, or have its writer finish it",
  });
}

function* cut(samples: Int16Array, length: number): Generator<Int16Array> {
  for (let from = 0; from < samples.length; from += length) yield samples.subarray(from, from + length);
}

/** Names the file, and what to do about it. */
function faultOf(path: string, error: unknown): Fault {
  const name = printable(path);
  if (error instanceof Fault) return new Fault(error.code, `${name}: ${error.message}`, { hint: error.hint });
  if (!(error instanceof Error && "code" in error)) return toFault(error);
  const [reason, hint] = unreadable[String(error.code)] ?? [error.message, ""];
  return new Fault("source-unreadable", `${name}: ${printable(reason)}`, { hint, cause: error });
}

const unreadable: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOENT: ["there is no such file", "check audio.path; a relative path starts at the folder of the configuration file"],
  EACCES: ["it may not be read", "give the user that the program runs as the right to read it"],
};
