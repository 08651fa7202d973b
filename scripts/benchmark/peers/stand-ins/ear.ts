import { audioDecoder } from "../../../../src/simulator/decoder.ts";
import { Recogniser } from "../../../../src/simulator/recogniser.ts";

/** A final result: its words in one text; times are ms from the first sample. */
export interface Heard {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Hears 16 kHz PCM as the simulator does, with its defaults, for the stand-ins of other services. */
export class Ear {
  readonly #decode = audioDecoder("pcm16k16bit");
  readonly #recogniser = new Recogniser({
    sampleRate: 16_000,
    vadTailMs: 500,
    longestMs: 30_000,
    interim: false,
    voiceDbfs: -45,
  });

  hear(bytes: Uint8Array): Heard[] {
    return this.#finals(this.#recogniser.push(this.#decode(bytes)));
  }

  /** The sound is over. Nothing may be heard afterwards. */
  finish(): Heard[] {
    return this.#finals(this.#recogniser.finish());
  }

  #finals(findings: ReturnType<Recogniser["push"]>): Heard[] {
    return findings.flatMap((finding) => {
      if (finding.type !== "segment" || finding.words.length === 0) return [];
      const text = finding.words.map((word) => word.text).join(" ");
      return [{ text, startMs: finding.startMs, endMs: finding.endMs }];
    });
  }
}
