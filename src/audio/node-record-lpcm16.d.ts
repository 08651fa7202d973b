/** What of node-record-lpcm16 1.0.1 is used; it brings no types. */
declare module "node-record-lpcm16" {
  import type { ChildProcess } from "node:child_process";

  interface Recording {
    /** The recorder program. Its `exit`, `error` and `stderr` tell the truth; the events of the stream do not. */
    readonly process: ChildProcess;
  }

  const lpcm16: {
    record(options: {
      readonly recorder: "arecord" | "rec" | "sox";
      /** Ignored by `rec`. */
      readonly device: string;
      /** Hz. As text: numbers among the arguments crash the `spawn` of binaries packaged with pkg. */
      readonly sampleRate: string;
      readonly channels: string;
      readonly audioType: "raw";
    }): Recording;
  };
  export default lpcm16;
}
