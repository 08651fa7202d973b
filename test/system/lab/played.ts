import { readFile } from "node:fs/promises";
import { readInt16 } from "../../../src/audio/pcm.ts";
import { Recogniser } from "../../../src/simulator/recogniser.ts";

/** What was given to a loudspeaker of 16 kHz, as digits. @param file of the stand-in for aplay */
export async function played(file: string): Promise<string> {
  const recogniser = new Recogniser({
    sampleRate: 16_000,
    vadTailMs: 300,
    longestMs: 60_000,
    interim: false,
    voiceDbfs: -45,
  });
  const samples = readInt16(await readFile(file));
  const findings = [...recogniser.push(samples), ...recogniser.push(new Int16Array(16_000))];
  return findings
    .flatMap((finding) => (finding.type === "segment" ? finding.words.map((word) => word.text) : []))
    .join("");
}
