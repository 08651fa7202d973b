import { execFile } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Clock, pause } from "../base/clock.ts";

/** A stretch of the room's sound, in samples. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * A room with a microphone for a real arecord, without a sound card: an ALSA device whose sound we make ourselves.
 * The room's time begins when the first recorder listens, and goes on whether or not one does.
 */
export interface AlsaRoom extends AsyncDisposable {
  /** The ALSA name of the microphone … */
  readonly device: string;
  /** … for programs that have this in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What recorders were given so far: in order, apart. What lies between was said while nobody listened. */
  readonly heard: readonly Span[];
  /** Where, in samples, the room found that its recorder had gone, and with it what was given but not read yet. */
  readonly partings: readonly number[];
  /** When the room's time began (`clock.monotonicMs()`); null: nobody has listened yet. */
  readonly startMs: number | null;
  /** Sound is handed over in blocks of this much, ms. */
  readonly blockMs: number;
}

/**
 * arecord's period: a quarter of a buffer of 500 ms. ALSA's `file` plugin fills up a short read with silence, so that
 * what is written at once has to be what is read at once. At 16 kHz that is 4000 bytes, which a pipe takes as a whole
 * or not at all (PIPE_BUF is 4096).
 */
const blockMs = 125;
const pollMs = 20;

/**
 * @param options.sampleRate 8000 or 16000 Hz; mono
 * @param options.sound what is said in the room: `count` samples from sample `from` on. Asked for in order, each once
 * @throws where `mkfifo` is missing
 */
export async function openAlsaRoom(options: {
  readonly sampleRate: 8_000 | 16_000;
  readonly sound: (from: number, count: number) => Int16Array;
  readonly clock: Clock;
}): Promise<AlsaRoom> {
  const directory = await mkdtemp(join(tmpdir(), "sis-room-"));
  const fifo = join(directory, "sound");
  const config = join(directory, "asound.conf");
  await promisify(execFile)("mkfifo", [fifo]);
  await writeFile(
    config,
    `pcm.room { type file slave.pcm { type null } file "/dev/null" infile "${fifo}" format raw }\n`,
  );
  const heard: Span[] = [];
  const partings: number[] = [];
  const scope = new AbortController();
  let startMs: number | null = null;
  const onStart = (ms: number) => {
    startMs = ms;
  };
  const performing = perform({ ...options, fifo, heard, partings, onStart, signal: scope.signal });
  return {
    get startMs() {
      return startMs;
    },
    blockMs,
    device: "room",
    env: { ALSA_CONFIG_PATH: config },
    heard,
    partings,
    async [Symbol.asyncDispose]() {
      scope.abort();
      await performing;
      await rm(directory, { recursive: true });
    },
  };
}

async function perform(room: {
  readonly sampleRate: number;
  readonly sound: (from: number, count: number) => Int16Array;
  readonly clock: Clock;
  readonly fifo: string;
  readonly heard: Span[];
  readonly partings: number[];
  readonly onStart: (ms: number) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { clock, signal } = room;
  const count = (room.sampleRate * blockMs) / 1000;
  let pipe = openPipe(room.fifo);
  while (pipe === null && !signal.aborted) {
    await pause(clock, pollMs, signal);
    pipe = openPipe(room.fifo);
  }
  const startMs = clock.monotonicMs();
  room.onStart(startMs);
  for (let from = 0; ; from += count) {
    // A block can be heard when it has been said. Absolute times: what was held up comes at once, nothing drifts.
    await pause(clock, startMs + ((from + count) * 1000) / room.sampleRate - clock.monotonicMs(), signal);
    if (signal.aborted) break;
    const block = room.sound(from, count);
    pipe ??= openPipe(room.fifo);
    if (pipe === null) continue;
    const outcome = write(pipe, block);
    if (outcome === "heard") append(room.heard, { from, to: from + count });
    if (outcome === "gone") {
      room.partings.push(from);
      closeSync(pipe);
      pipe = null;
    }
  }
  if (pipe !== null) closeSync(pipe);
}

/** Null while nobody reads: what is said then is not kept for later. */
function openPipe(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "ENXIO") return null;
    throw error;
  }
}

function write(pipe: number, block: Int16Array): "heard" | "full" | "gone" {
  try {
    writeSync(pipe, new Uint8Array(block.buffer, block.byteOffset, block.byteLength));
    return "heard";
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return "full";
    if (codeOf(error) === "EPIPE") return "gone";
    throw error;
  }
}

function append(heard: Span[], span: Span): void {
  const last = heard.at(-1);
  if (last?.to === span.from) heard[heard.length - 1] = { from: last.from, to: span.to };
  else heard.push(span);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
