import { spawn } from "node:child_process";
import { Converter } from "../audio/convert.ts";
import { encodeALaw, encodeMuLaw } from "../audio/g711.ts";
import { WavReader } from "../audio/wav.ts";
import { Fault } from "../base/fault.ts";
import { dtmf, joined, plainDtmf, type SampleRate, samplesIn } from "./dtmf.ts";
import type { VoiceKind } from "./options.ts";
import type { SpeechConfig } from "./rtts-request.ts";

/** Between two groups of digits: more than keeps a word together. */
const groupGapMs = 400;
/** A text without digits hums for so long a character. */
const humMs = 60;
const humHz = 440;
const humAmplitude = 2000;
/** Louder or quieter than the middle, dB for each step of 50. */
const volumeDb = 12;

/**
 * The sound of a text, encoded as `config` asks.
 * @throws {Fault} source-unusable where espeak-ng is demanded and not there, or fails
 */
export async function voiceOf(text: string, config: SpeechConfig, kind: VoiceKind): Promise<Uint8Array> {
  const sampleRate = config.sample_rate === "8000" ? 8000 : 16_000;
  const spoken = kind === "dtmf" ? null : await espeak(text, config, sampleRate);
  if (spoken === null && kind === "espeak") {
    throw new Fault("source-unusable", "espeak-ng is not installed", { hint: "sudo apt-get install espeak-ng" });
  }
  return encoders[config.audio_format](spoken ?? digitsOf(text, config, sampleRate));
}

const encoders = {
  pcm: (samples: Int16Array) => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
  alaw: encodeALaw,
  ulaw: encodeMuLaw,
};

/** Groups of digits, or a hum for a text that has none. Speed and pitch change nothing, volume its level. */
function digitsOf(text: string, config: SpeechConfig, sampleRate: SampleRate): Int16Array {
  const groups = text.match(/[0-9*#A-D]*\d[0-9*#A-D]*/g);
  if (groups === null) return hum(text, sampleRate);
  const levelDbfs = Math.min(-4, plainDtmf.levelDbfs + ((config.volume - 50) / 50) * volumeDb);
  const gap = new Int16Array(samplesIn(groupGapMs, sampleRate));
  return joined(groups.flatMap((group) => [dtmf(group, { ...plainDtmf, levelDbfs, sampleRate }), gap]));
}

function hum(text: string, sampleRate: SampleRate): Int16Array {
  const samples = new Int16Array(samplesIn(humMs * text.length, sampleRate));
  for (let n = 0; n < samples.length; n++) {
    samples[n] = Math.round(humAmplitude * Math.sin((2 * Math.PI * humHz * n) / sampleRate));
  }
  return samples;
}

const longestRunMs = 15_000;
/** Minutes of speech; more is not what was asked for. */
const mostBytes = 64 * 1024 * 1024;

/** null: it is not installed. */
function espeak(text: string, config: SpeechConfig, sampleRate: SampleRate): Promise<Int16Array | null> {
  const language = config.property.startsWith("english") ? "en" : "cmn";
  const args = [
    "--stdin",
    "--stdout",
    "-v",
    language,
    "-s",
    String(Math.round(175 * 2 ** (config.speed / 500))),
    "-p",
    String(Math.round(50 + (config.pitch / 500) * 49)),
    "-a",
    String(config.volume * 2),
  ];
  const child = spawn("espeak-ng", args, { stdio: ["pipe", "pipe", "ignore"], timeout: longestRunMs });
  const wav = new WavReader();
  let converter: Converter | null = null;
  const pieces: Int16Array[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Int16Array | null>();
  child.once("error", (error) => {
    if ("code" in error && error.code === "ENOENT") resolve(null);
    else reject(error);
  });
  child.stdin.on("error", () => {
    // It ended before it had read all; its exit tells.
  });
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      child.kill("SIGKILL");
      return;
    }
    const sound = wav.push(chunk);
    if (wav.format === null) return;
    converter ??= new Converter(wav.format, sampleRate);
    pieces.push(converter.push(sound));
  });
  child.once("close", (code) => {
    if (code !== 0) reject(new Fault("source-unusable", `espeak-ng failed: exit code ${code}`));
    else resolve(joined([...pieces, converter?.end() ?? new Int16Array(0)]));
  });
  child.stdin.end(text);
  return promise;
}
