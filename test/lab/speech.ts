import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { Converter } from "../../src/audio/convert.ts";
import { WavReader } from "../../src/audio/wav.ts";

/** Below this, before and after the words, is the speech synthesizer's silence. */
const quietest = 60;

/**
 * Words spoken by espeak-ng, from their first to their last sound.
 * @param voice as `espeak-ng --voices` lists them
 */
export function spoken(text: string, voice: string, sampleRate: number): Int16Array {
  const { stdout, status, stderr } = spawnSync("espeak-ng", ["-v", voice, "--stdout", text]);
  assert.equal(status, 0, stderr.toString());
  const reader = new WavReader();
  const sound = reader.push(stdout);
  assert.ok(reader.format !== null, "espeak-ng gives a WAV stream");
  const converter = new Converter(reader.format, sampleRate);
  const samples = Int16Array.from([...converter.push(sound), ...converter.end()]);
  const first = samples.findIndex((sample) => Math.abs(sample) >= quietest);
  const last = samples.findLastIndex((sample) => Math.abs(sample) >= quietest);
  return samples.slice(first, last + 1);
}
