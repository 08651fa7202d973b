import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { openAlsaRoom, type Span } from "../../src/simulator/alsa-room.ts";
import { type NumberShape, numberSamples } from "../../src/simulator/numbers.ts";
import { journalFile, roomNote, roomNoteFile } from "./journal.ts";
import { JournalReader } from "./journal-reader.ts";
import { type Spans, without } from "./spans.ts";

/** What listens in a room: the real arecord, or a program that stands in for it and knows to the sample what it gave. */
export type Microphone = "arecord" | "stand-in";

/**
 * A room in which numbers are said, one after the other, whoever listens. It outlives agents and recorders, so that
 * what was said while none listened is known.
 */
export interface Room extends AsyncDisposable {
  /** For `audio.device`. */
  readonly device: string;
  /** For the agent's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The room's time, ms; null: nobody has listened yet, nothing has been said. */
  nowMs(): number | null;
  /**
   * What recorders have given, ms of the room's time: in order, apart.
   * @param stopped when recorders stood still that were never to go on: what was put before them then was not heard
   */
  heard(stopped: Spans): Spans;
  /** Its device keeps what a recorder that stands still does not take, for whoever reads next: what is missing then nobody knows. */
  readonly keepsSound: boolean;
  /** Where a span ends or begins, this much is not certain, ms: sound that was on its way. */
  readonly edgeMs: number;
  /** A transcript's time is true if it is not further off than this, ms: 100, and what the device adds. */
  readonly datedMs: number;
  /** A gap is told true if it is not further off than this, ms: the agent's chunk, and what nobody knows of the true one. */
  readonly chunkMs: number;
}

/** What the agent sends at once, by default. */
const chunkMs = 100;
/** What the agent promises of the times of transcripts. */
const datedMs = 100;

/** @param folder the room's own; is made */
export async function openRoom(microphone: Microphone, shape: NumberShape, folder: string): Promise<Room> {
  await mkdir(folder, { recursive: true });
  return microphone === "arecord" ? alsaRoom(shape) : standInRoom(shape, folder);
}

async function alsaRoom(shape: NumberShape): Promise<Room> {
  const sound = (from: number, count: number) => numberSamples(from, count, shape);
  const room = await openAlsaRoom({ sampleRate: shape.sampleRate, sound, clock: systemClock });
  return {
    device: room.device,
    env: room.env,
    keepsSound: true,
    edgeMs: 2 * room.blockMs,
    // Where the campaign is held up, the device gives a block of silence instead.
    datedMs: datedMs + room.blockMs,
    // A block that arecord has taken may not have left it yet when it is killed.
    chunkMs: chunkMs + room.blockMs,
    nowMs: () => (room.startMs === null ? null : performance.now() - room.startMs),
    heard(stopped) {
      const heard = room.heard.map((span) => inMs(span, shape.sampleRate));
      const partings = room.partings.map((at) => (at * 1000) / shape.sampleRate);
      return without(
        heard,
        stopped.map((span) => unheard(span, partings, room.blockMs)),
      );
    },
    [Symbol.asyncDispose]: () => room[Symbol.asyncDispose](),
  };
}

/** What a recorder that was stopped, and then ended, has not heard of what had been put before it. */
function unheard({ from, to }: Span, partings: readonly number[], blockMs: number): Span {
  // A block that was not complete when the recorder was stopped was put before it later.
  const firstMs = Math.floor(from / blockMs) * blockMs;
  const partedMs = partings.find((ms) => ms > from && ms < to + 2 * blockMs);
  // The next recorder came before the room had noticed: it got what was left, but for what the first took when it was ended.
  return { from: firstMs, to: partedMs ?? firstMs + blockMs };
}

async function standInRoom(shape: NumberShape, folder: string): Promise<Room> {
  const epochNs = process.hrtime.bigint();
  const startMs = performance.now();
  await writeFile(join(folder, roomNoteFile), roomNote({ epochNs, shape }));
  await writeFile(join(folder, journalFile), "");
  const journal = new JournalReader(join(folder, journalFile));
  const program = join(folder, "arecord");
  const words = [process.execPath, join(import.meta.dirname, "recorder.ts")].map((word) => `'${word}'`);
  await writeFile(program, `#!/bin/sh\nexec ${words.join(" ")}\n`);
  await chmod(program, 0o755);
  return {
    device: "room",
    env: { CAMPAIGN_ROOM: folder, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    keepsSound: false,
    edgeMs: 120,
    datedMs,
    chunkMs,
    nowMs: () => performance.now() - startMs,
    heard: () => journal.spans().map((span) => inMs(span, shape.sampleRate)),
    async [Symbol.asyncDispose]() {
      journal[Symbol.dispose]();
    },
  };
}

function inMs({ from, to }: Span, sampleRate: number): Span {
  return { from: (from * 1000) / sampleRate, to: (to * 1000) / sampleRate };
}
