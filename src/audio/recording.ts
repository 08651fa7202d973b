import type { ChildProcess } from "node:child_process";
import type { Clock } from "../base/clock.ts";
import { Fault, printable, toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { type ChildEnd, watchChild } from "./child-end.ts";
import { Converter } from "./convert.ts";
import { type Pace, paceFrom, paceVerdict, stepPace } from "./pace.ts";
import { exitFault, startFault } from "./program-fault.ts";
import { ProgramWords } from "./program-words.ts";
import { reap } from "./reap.ts";
import { type Recorder, startRecorder } from "./recorder.ts";
import { packages, type RecorderFailure, remarkOf, unsuitable } from "./recorder-words.ts";
import type { SourceEvent } from "./source.ts";
import type { Breakdown } from "./supervised.ts";
import { whenSilent } from "./watchdog.ts";

export interface RecordingOptions {
  readonly recorder: Recorder;
  /** An ALSA name: `default`, `plughw:1`, … */
  readonly device: string;
  /** Hz */
  readonly sampleRate: number;
  /** Set for the recorder, beside our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Cause =
  | { readonly type: "stopped" }
  | ChildEnd
  | { readonly type: "silent"; readonly forMs: number }
  | { readonly type: "unpaced"; readonly verdict: "too-fast" | "too-slow" };

/** A sound server may have to wake up first. */
const firstSoundMs = 5_000;
const stallMs = 2_000;

/**
 * Runs the recorder once, from its start until it is gone: tells `opened` with the first sound, `audio` and `overrun`.
 * Never rejects. The child is reaped whatever the reason; the first reason is the one reported.
 * @returns null when it was stopped
 */
export async function record(
  options: RecordingOptions,
  tell: (event: SourceEvent) => void,
  stop: AbortSignal,
): Promise<Breakdown | null> {
  let child: ChildProcess;
  try {
    child = startRecorder({ ...options, env: options.env ?? {} });
  } catch (error) {
    return { fault: toFault(error), soundMs: 0 };
  }
  const ending = Promise.withResolvers<Cause>();
  using ear = new Ear(options, tell, ending.resolve);
  const words = new ProgramWords("recorder", remarkOf, options.logger, (lostMs) => {
    if (ear.soundMs() > 0) tell({ type: "overrun", lostMs });
  });
  const scope = new AbortController();

  const onStop = () => ending.resolve({ type: "stopped" });
  stop.addEventListener("abort", onStop, { signal: scope.signal });
  if (stop.aborted) onStop();
  const gone = watchChild(child, options.clock, ending.resolve);
  const hear = (bytes: Uint8Array) => ear.hear(bytes);
  child.stdout?.on("data", hear);
  child.stderr?.on("data", (bytes: Uint8Array) => words.read(bytes));

  const cause = await ending.promise;
  const soundMs = ear.soundMs();
  child.stdout?.off("data", hear);
  scope.abort();
  if (!(await reap(child, gone, options.clock))) {
    options.logger.error("the recorder cannot be ended: a driver holds it up", { pid: child.pid });
  }
  return cause.type === "stopped" ? null : { fault: faultOf(options, cause, words), soundMs };
}

/** Listens to the sound: re-frames it, times it, and notices when it stays away. */
class Ear implements Disposable {
  readonly #options: RecordingOptions;
  readonly #tell: (event: SourceEvent) => void;
  readonly #end: (cause: Cause) => void;
  readonly #converter: Converter;
  #sound: { readonly sinceMs: number; readonly pace: Pace } | null = null;
  #watchdog: Disposable;

  constructor(options: RecordingOptions, tell: (event: SourceEvent) => void, end: (cause: Cause) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#end = end;
    const format = { encoding: "s16", channels: 1, sampleRate: options.sampleRate } as const;
    this.#converter = new Converter(format, options.sampleRate);
    this.#watchdog = this.#watch(firstSoundMs);
  }

  /** For how long there has been sound. */
  soundMs(): number {
    return this.#sound === null ? 0 : this.#options.clock.monotonicMs() - this.#sound.sinceMs;
  }

  hear(bytes: Uint8Array): void {
    const { clock, device, recorder, sampleRate } = this.#options;
    const samples = this.#converter.push(bytes);
    if (samples.length === 0) return;
    const nowMs = clock.monotonicMs();
    if (this.#sound === null) {
      this.#sound = { sinceMs: nowMs, pace: paceFrom(nowMs) };
      this.#tell({ type: "opened", description: `${recorder}, device ${printable(device)}, ${sampleRate} Hz` });
    }
    const pace = stepPace(this.#sound.pace, nowMs, (samples.length * 1000) / sampleRate);
    this.#sound = { ...this.#sound, pace };
    const verdict = paceVerdict(pace);
    if (verdict !== "steady") return this.#end({ type: "unpaced", verdict });
    this.#watchdog[Symbol.dispose]();
    this.#watchdog = this.#watch(stallMs);
    this.#tell({ type: "audio", samples });
  }

  [Symbol.dispose](): void {
    this.#watchdog[Symbol.dispose]();
  }

  #watch(forMs: number): Disposable {
    return whenSilent(this.#options.clock, forMs, () => this.#end({ type: "silent", forMs }));
  }
}

function faultOf(
  options: RecordingOptions,
  cause: Exclude<Cause, { type: "stopped" }>,
  words: ProgramWords<RecorderFailure>,
): Fault {
  const { recorder, sampleRate } = options;
  const device = `device ${printable(options.device)}`;
  const { failure, line } = words.conclude();
  const said = line === "" ? "" : ` (${line})`;
  switch (cause.type) {
    case "error":
      return startFault({ role: "recorder", name: recorder, debian: packages[recorder] }, cause.error);
    case "unpaced": {
      const wrong = `its rate is not the ${sampleRate} Hz asked for`;
      const message =
        cause.verdict === "too-fast"
          ? `${device} delivers more sound than time passes: ${wrong}`
          : `${device} delivers less sound than time passes: ${wrong}, or it keeps losing sound`;
      return new Fault("device-unsuitable", message, { hint: unsuitable.hint });
    }
    case "silent":
      return new Fault("recorder-stalled", `${recorder} runs, but gave no sound for ${cause.forMs / 1000} s${said}`, {
        hint: "check that the sound server answers, or plug the microphone in anew",
      });
    case "exited": {
      if (failure !== null)
        return new Fault(failure.code, `${device} ${failure.message}${said}`, { hint: failure.hint });
      return exitFault({ role: "recorder", name: recorder }, cause, said);
    }
  }
}
