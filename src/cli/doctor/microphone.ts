import { execFile } from "node:child_process";
import { silencedIn } from "../../agent/latch.ts";
import { fileSource } from "../../audio/file-source.ts";
import { addTallies, emptyTally, type Level, levelOf, tallyOf } from "../../audio/level.ts";
import { record } from "../../audio/recording.ts";
import { serialSource } from "../../audio/serial-source.ts";
import type { SourceEvent } from "../../audio/source.ts";
import { type Fault, printable } from "../../base/fault.ts";
import type { Settings } from "../../config/schema.ts";
import { sampleRateOf } from "../../sis/request.ts";
import { silent } from "../logging.ts";
import type { Check } from "./examine.ts";
import { type Finding, fail, failed, ok, skip, warn } from "./finding.ts";
import type { Patient } from "./patient.ts";

const recordedMs = 2000;
const windowMs = 100;
const mostDevices = 12;

export const microphoneCheck: Check = {
  name: "microphone",
  deadlineMs: 12_000,
  mendIfLate: "The sound system hangs: plug the microphone in anew, or restart the sound server.",
  async look(patient, signal) {
    const { audio, sis, state_dir } = patient.configuration.settings;
    if (audio.source === "stdin") return skip("sound comes from standard input");
    if (audio.source === "file") return fileFinding(patient, signal);
    const silenced = silencedIn(state_dir);
    if (silenced !== null) return skip(`the device is ${silenced}: nothing is recorded`);
    const heard = await listen(patient, signal);
    if (heard.fault !== null) return troubleFinding(heard.fault, patient, signal);
    return soundFinding(soundOf(heard.samples, sampleRateOf(sis.audio_format)), audio.device);
  },
};

interface Heard {
  readonly samples: Int16Array;
  readonly fault: Fault | null;
}

/** Two seconds of sound, or why there are none. */
async function listen(patient: Patient, signal: AbortSignal): Promise<Heard> {
  const { settings } = patient.configuration;
  const sampleRate = sampleRateOf(settings.sis.audio_format);
  const pieces: Int16Array[] = [];
  let length = 0;
  const enough = new AbortController();
  let fault: Fault | null = null;
  const hear = (event: SourceEvent) => {
    if (event.type === "audio") {
      pieces.push(event.samples.slice());
      length += event.samples.length;
      if ((length * 1000) / sampleRate >= recordedMs) enough.abort();
    } else if (event.type === "interrupted") {
      fault = event.fault;
      enough.abort();
    }
  };
  const stop = AbortSignal.any([signal, enough.signal]);
  if (settings.audio.source === "serial") await listenSerial(settings, patient, sampleRate, hear, stop);
  else {
    const { recorder, device } = settings.audio;
    const breakdown = await record({ recorder, device, sampleRate, clock: patient.clock, logger: silent }, hear, stop);
    fault = breakdown?.fault ?? null;
  }
  return { samples: joined(pieces, length), fault };
}

async function listenSerial(
  { audio }: Settings,
  { clock }: Patient,
  sampleRate: number,
  hear: (event: SourceEvent) => void,
  stop: AbortSignal,
): Promise<void> {
  const source = serialSource({ path: audio.path ?? "", baudRate: audio.baud, sampleRate, clock, random: () => 1 });
  source.start(hear);
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve(), { once: true });
  });
  await source.stop();
}

/** What two seconds of sound measure. */
export interface Sound extends Level {
  /** The quietest tenth of a second. */
  readonly floorDbfs: number;
  /** The part of the samples that is at full scale. */
  readonly clipping: number;
  /** All samples are the same. */
  readonly dead: boolean;
}

export function soundOf(samples: Int16Array, sampleRate: number): Sound {
  const size = Math.round((sampleRate * windowMs) / 1000);
  let whole = emptyTally;
  let floorDbfs = 0;
  for (let at = 0; at + size <= samples.length; at += size) {
    const tally = tallyOf(samples.subarray(at, at + size));
    whole = addTallies(whole, tally);
    floorDbfs = Math.min(floorDbfs, levelOf(tally).rmsDbfs);
  }
  return {
    ...levelOf(whole),
    floorDbfs,
    clipping: whole.fullScale / Math.max(1, whole.samples),
    dead: whole.low >= whole.high,
  };
}

const clippingShare = 0.001;
const noisyDbfs = -30;
const faintDbfs = -75;

export function soundFinding(sound: Sound, device: string): Finding {
  const db = (value: number) => `${Math.round(value)} dBFS`;
  const name = printable(device, 60);
  if (sound.dead) {
    return fail(
      `${name} gives silence only: every sample is the same`,
      "Look for a mute switch on the microphone and in alsamixer (F4), and check that audio.device is the right one.",
    );
  }
  const says = `${name}: level ${db(sound.rmsDbfs)}, peak ${db(sound.peakDbfs)}, noise floor ${db(sound.floorDbfs)}`;
  if (sound.clipping >= clippingShare) {
    return warn(`${says}, cut off at full scale`, "Turn the microphone's gain down (alsamixer, F4).");
  }
  if (sound.floorDbfs > noisyDbfs) {
    return warn(
      `${says}: it is loud all the time`,
      "Turn the gain down, or look for noise: a fan, mains hum, a bad cable.",
    );
  }
  if (sound.peakDbfs < faintDbfs) {
    return warn(`${says}: hardly any sound`, "Turn the microphone's gain up (alsamixer, F4); speak, and try again.");
  }
  return ok(says);
}

async function troubleFinding(fault: Fault, { agentPid }: Patient, signal: AbortSignal): Promise<Finding> {
  if ((fault.code === "device-busy" || fault.code === "serial-busy") && agentPid !== null) {
    return ok(
      `in use by the running agent (process ${agentPid}), which is not disturbed; stop it to have it looked at`,
    );
  }
  if (fault.code !== "device-missing") return failed(fault);
  const devices = await devicesOf(signal);
  const there = devices.length === 0 ? "arecord -L lists none" : `there are: ${devices.join(", ")}`;
  return fail(`${fault.message}; ${there}`, fault.hint);
}

/** The names that arecord -L lists, without their descriptions. */
function devicesOf(signal: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile("arecord", ["-L"], { signal, timeout: 2000, maxBuffer: 256 * 1024 }, (_error, stdout) => {
      const names = stdout.split("\n").filter((line) => /^\S/.test(line));
      resolve(names.slice(0, mostDevices).map((name) => printable(name, 80)));
    });
  });
}

/** Plays the file's beginning, as the agent will. */
async function fileFinding({ configuration, clock }: Patient, signal: AbortSignal): Promise<Finding> {
  const { audio, sis } = configuration.settings;
  const path = audio.path ?? "";
  const source = fileSource({ path, sampleRate: sampleRateOf(sis.audio_format), loop: false, speed: 1, clock });
  const fault = await new Promise<Fault | null>((resolve) => {
    signal.addEventListener("abort", () => resolve(null), { once: true });
    source.start((event) => {
      if (event.type === "audio") resolve(null);
      if (event.type === "ended") resolve(event.fault);
    });
  });
  await source.stop();
  return fault === null
    ? ok(`${printable(path)} can be played`)
    : fail(fault.message, fault.hint || "Check audio.path.");
}

function joined(pieces: readonly Int16Array[], length: number): Int16Array {
  const all = new Int16Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
