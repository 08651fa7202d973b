import { constants } from "node:fs";
import { access, open } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { frameBytes, type PcmFormat } from "../../audio/pcm.ts";
import { wavHeader } from "../../audio/wav.ts";
import type { Clock } from "../../base/clock.ts";
import { openAlsaRoom } from "../../simulator/alsa-room.ts";
import type { Story } from "./story.ts";
import type { CaptureKind } from "./summary.ts";
import { sampleRate, voice, wordsSaid, wordsWithin } from "./words.ts";

/** The sound of a demo, and how the agent gets at it. */
export interface Sound extends AsyncDisposable {
  readonly capture: CaptureKind;
  /** Where it comes from, in words. */
  readonly origin: string;
  /** The `[audio]` table of the agent's configuration. */
  readonly settings: Readonly<Record<string, string>>;
  /** Must be in the environment while the agent runs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Words that will be said in all; null: not known. */
  readonly words: number | null;
  /** Words said completely so far. @param soundMs sound that the agent has got, ms */
  said(soundMs: number): number | null;
}

/** The sound file is longer than the story, which may have to wait for a slow machine. */
const reserveMs = 60_000;

/**
 * The sound for a story: of a real microphone, of the demo's own voice through a real arecord, or where that is not
 * installed of a file in `directory`.
 */
export async function soundFor(device: string | null, story: Story, directory: string, clock: Clock): Promise<Sound> {
  if (device !== null) return microphoneSound(device);
  const words = wordsWithin(story.wordsMs);
  if (await isInstalled("arecord", process.env["PATH"] ?? "")) return roomSound(words, clock);
  return fileSound(words, story.endMs + reserveMs, directory);
}

/** Nobody knows what a real microphone will hear. */
function microphoneSound(device: string): Sound {
  return {
    capture: "arecord",
    origin: `the microphone ${device}, recorded by arecord. DTMF tones (a telephone's keys) are recognised as digits, other sound as its length`,
    settings: { source: "microphone", recorder: "arecord", device },
    environment: {},
    words: null,
    said: () => null,
    async [Symbol.asyncDispose]() {},
  };
}

/** A voice in a room, recorded by a real arecord. */
async function roomSound(words: number, clock: Clock): Promise<Sound> {
  const room = await openAlsaRoom({ sampleRate, clock, sound: (from, count) => voice(from, count, words) });
  return {
    capture: "arecord",
    origin: "a real arecord, whose ALSA device plays a voice made by this demo: no sound card is needed",
    settings: { source: "microphone", recorder: "arecord", device: room.device },
    environment: room.env,
    words,
    // Words said while the recorder was away count: they are lost.
    said: () => wordsSaid(((room.heard.at(-1)?.to ?? 0) * 1000) / sampleRate, words),
    [Symbol.asyncDispose]: () => room[Symbol.asyncDispose](),
  };
}

async function fileSound(words: number, lengthMs: number, directory: string): Promise<Sound> {
  const path = join(directory, "voice.wav");
  await writeVoice(path, words, lengthMs);
  return {
    capture: "file",
    origin: "a sound file, played in real time, because arecord is not installed (Debian: alsa-utils)",
    settings: { source: "file", path },
    environment: {},
    words,
    said: (soundMs) => wordsSaid(soundMs, words),
    async [Symbol.asyncDispose]() {},
  };
}

const format: PcmFormat = { encoding: "s16", channels: 1, sampleRate };
const blockSeconds = 10;

async function writeVoice(path: string, words: number, lengthMs: number): Promise<void> {
  const length = Math.round((lengthMs * sampleRate) / 1000);
  await using file = await open(path, "wx");
  await file.write(wavHeader(format, length * frameBytes(format)));
  for (let from = 0; from < length; from += blockSeconds * sampleRate) {
    const block = voice(from, Math.min(blockSeconds * sampleRate, length - from), words);
    await file.write(new Uint8Array(block.buffer, block.byteOffset, block.byteLength));
  }
}

/** @param path as in the environment's PATH */
async function isInstalled(program: string, path: string): Promise<boolean> {
  const looks = path
    .split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => access(join(directory, program), constants.X_OK));
  return (await Promise.allSettled(looks)).some(({ status }) => status === "fulfilled");
}
