import { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import lpcm16 from "node-record-lpcm16";
import { Fault, printable } from "../base/fault.ts";
import { isObject } from "../base/json.ts";

/** The programs that node-record-lpcm16 can drive. */
export type Recorder = "arecord" | "rec" | "sox";

/**
 * Starts a recorder program through node-record-lpcm16: raw mono 16-bit samples come on its standard output.
 * What the library leaves open is closed here:
 * - it drops the child's `error` (a missing program is an uncaught exception): listened to; listen, too, to know of it;
 * - after any exit but 0 it emits `error` on the output stream, a normal stop included: listened to;
 * - it gives no way to set the environment, and `rec` no way to choose the device: the child inherits an environment made for it;
 * - where the process is out of file descriptors, the library throws and leaves a child behind whose events would crash us.
 * The output must be consumed at once: the library has already set it flowing.
 * @param options.env set for the recorder, beside our own environment
 * @throws {Fault} `recorder-failed`: not even the attempt to start it could be made
 */
export function startRecorder(options: {
  readonly recorder: Recorder;
  readonly device: string;
  readonly sampleRate: number;
  readonly env: Readonly<Record<string, string>>;
}): ChildProcess {
  const { recorder, device } = options;
  const started: ChildProcess[] = [];
  const note = (message: unknown) => {
    if (isObject(message) && message["process"] instanceof ChildProcess) started.push(message["process"]);
  };
  subscribe("child_process", note);
  try {
    return withEnvironment({ ...environment(recorder, device), ...options.env }, () => {
      const settings = {
        recorder,
        device,
        sampleRate: String(options.sampleRate),
        channels: "1",
        audioType: "raw",
      } as const;
      const child = lpcm16.record(settings).process;
      child.on("error", () => {});
      child.stdout?.on("error", () => {});
      return child;
    });
  } catch (error) {
    for (const child of started) child.removeAllListeners().on("error", () => {});
    const reason = printable(error instanceof Error ? error.message : String(error));
    throw new Fault("recorder-failed", `${recorder} could not be started: ${reason}`, { cause: error });
  } finally {
    unsubscribe("child_process", note);
  }
}

function environment(recorder: Recorder, device: string): Record<string, string> {
  // In English and with a decimal point: what it says is read by a program.
  const language = { LC_ALL: "C" };
  return recorder === "arecord"
    ? language
    : { ...language, AUDIODRIVER: process.env["AUDIODRIVER"] ?? "alsa", AUDIODEV: device };
}

/** Children started by `action` get `extra` in their environment. Swapped as an object: `setenv` would race with threads. */
function withEnvironment<T>(extra: Readonly<Record<string, string>>, action: () => T): T {
  const ours = process.env;
  process.env = { ...ours, ...extra };
  try {
    return action();
  } finally {
    process.env = ours;
  }
}
