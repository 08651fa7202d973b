import type { FaultCode } from "../base/fault.ts";
import type { Remark } from "./program-words.ts";

/** Why a recorder gives no sound, as far as its words tell. */
export interface RecorderFailure {
  readonly code: FaultCode;
  /** Follows the name of the device. */
  readonly message: string;
  readonly hint: string;
}

const missing: RecorderFailure = {
  code: "device-missing",
  message: "is not there",
  hint: "plug the microphone in; arecord -L lists the devices there are, audio.device names the one to use",
};
const busy: RecorderFailure = {
  code: "device-busy",
  message: "is in use by another program",
  hint: "fuser -v /dev/snd/* shows which; stop it, or let both record through a sound server",
};
const denied: RecorderFailure = {
  code: "device-denied",
  message: "may not be used by this user",
  hint: "add the user to the group audio, or give the service SupplementaryGroups=audio",
};
const lost: RecorderFailure = {
  code: "device-lost",
  message: "went away while recording",
  hint: "check the microphone's plug, hub and power supply, and that the sound server runs",
};
const serverAway: RecorderFailure = {
  code: "sound-server-away",
  message: "belongs to a sound server that does not answer",
  hint: "start PulseAudio or PipeWire for this user, or set audio.device to the hardware (plughw:…)",
};

/** For a device that does not deliver what was asked of it. */
export const unsuitable: RecorderFailure = {
  code: "device-unsuitable",
  message: "does not offer the sampling rate, the number of channels or the sample format asked for",
  hint: "let ALSA convert: set audio.device to plughw:… instead of hw:…",
};

const opening = /open error: |can't open (input|output)/;
const moving = /(read|write) error: |FAIL \w+: .*Input\/output error/;

/**
 * Rows from the most telling to the least; the first that fits a line counts. The words are those of arecord 1.2
 * and aplay (aplay.c), SoX 14.4 (alsa.c, formats.c), and strerror(3).
 */
const rows: readonly { readonly all: readonly RegExp[]; readonly failure: RecorderFailure }[] = [
  { all: [/Device or resource busy/], failure: busy },
  { all: [/Connection refused|Host is down|Connection terminated/], failure: serverAway },
  { all: [opening, /Permission denied|Operation not permitted/], failure: denied },
  { all: [opening, /No such (file or directory|device)/], failure: missing },
  { all: [/Unknown PCM|Cannot get card index|cannot find card|no default audio device configured/], failure: missing },
  { all: [moving, /No such device|Input\/output error|File descriptor in bad state/], failure: lost },
  { all: [/(Channels count|Sample format) non available|Access type not available/], failure: unsuitable },
  { all: [/no configurations available|unable to install hw params|rate is not accurate/i], failure: unsuitable },
  { all: [opening, /hw_params/], failure: unsuitable },
  {
    all: [/no handler for (given|detected) file type/],
    failure: {
      code: "recorder-missing",
      message: "cannot be reached: SoX lacks its part for ALSA",
      hint: "sudo apt-get install libsox-fmt-alsa",
    },
  },
];

/** What the line means; null where it is no more than chatter. Pure. */
export function remarkOf(line: string): Remark<RecorderFailure> | null {
  const overrun = /overrun!!! \(at least (\d{1,9}(?:\.\d+)?) ms long\)/.exec(line);
  if (overrun !== null) return { type: "overrun", lostMs: Number(overrun[1]) };
  if (/\bover-?run\b/.test(line)) return { type: "overrun", lostMs: 0 };
  const row = rows.find(({ all }) => all.every((pattern) => pattern.test(line)));
  return row === undefined ? null : { type: "failure", failure: row.failure };
}

/** What to install for each recorder program. */
export const packages = { arecord: "alsa-utils", rec: "sox libsox-fmt-alsa", sox: "sox libsox-fmt-alsa" } as const;
