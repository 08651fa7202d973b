import { spawn } from "node:child_process";
import { once } from "node:events";
import { readInt16 } from "../../../src/audio/pcm.ts";
import { Recogniser } from "../../../src/simulator/recogniser.ts";
import { missing } from "./processes.ts";
import type { PulseLab } from "./pulse.ts";

/** What recording the room needs and is not installed; false when all is. */
export function missingForMicrophone(): string | false {
  return missing("arecord");
}

/** Somebody with a microphone in the room of the lab, who understands DTMF. */
export async function recordRoom(lab: PulseLab) {
  const args = ["-q", "-D", lab.device, "-f", "S16_LE", "-r", "16000", "-c", "1", "-t", "raw", "-"];
  const child = spawn("arecord", args, { env: { ...process.env, ...lab.env }, stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  const recogniser = new Recogniser({
    sampleRate: 16_000,
    vadTailMs: 300,
    longestMs: 60_000,
    interim: false,
    voiceDbfs: -45,
  });
  let digits = "";
  let rest: Buffer = Buffer.alloc(0);
  const heard = new EventTarget();
  child.stdout.on("data", (bytes: Buffer) => {
    const all = Buffer.concat([rest, bytes]);
    const whole = all.length - (all.length % 2);
    rest = all.subarray(whole);
    for (const finding of recogniser.push(readInt16(all.subarray(0, whole)))) {
      if (finding.type === "segment") digits += finding.words.map((word) => word.text).join("");
    }
    heard.dispatchEvent(new Event("sound"));
  });
  await once(child.stdout, "data");

  return {
    /** All digits heard since the beginning, once there are `atLeast`, or when 20 s have passed. */
    async heard(atLeast: number): Promise<string> {
      const deadline = AbortSignal.timeout(20_000);
      while (digits.length < atLeast && !deadline.aborted) {
        await once(heard, "sound", { signal: deadline }).catch(() => {});
      }
      return digits;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
