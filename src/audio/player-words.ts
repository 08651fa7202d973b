import type { FaultCode } from "../base/fault.ts";
import type { Remark } from "./program-words.ts";
import { remarkOf } from "./recorder-words.ts";

/** Why a player plays no sound, as far as its words tell. */
export interface PlayerFailure {
  readonly code: FaultCode;
  /** Follows the name of the device. */
  readonly message: string;
  readonly hint: string;
}

/** aplay and play complain in the words of arecord and rec; what they mean for a loudspeaker, by the recorder's code. */
const failures: Partial<Readonly<Record<FaultCode, PlayerFailure>>> = {
  "device-missing": {
    code: "speaker-missing",
    message: "is not there",
    hint: "plug the loudspeaker in; aplay -L lists the devices there are, synthesis.device names the one to use",
  },
  "device-busy": {
    code: "speaker-busy",
    message: "is in use by another program",
    hint: "fuser -v /dev/snd/* shows which; stop it, or let both play through a sound server or ALSA's dmix",
  },
  "device-denied": {
    code: "speaker-denied",
    message: "may not be used by this user",
    hint: "add the user to the group audio, or give the service SupplementaryGroups=audio",
  },
  "device-lost": {
    code: "speaker-lost",
    message: "went away while playing",
    hint: "check the loudspeaker's plug, hub and power supply, and that the sound server runs",
  },
  "sound-server-away": {
    code: "sound-server-away",
    message: "belongs to a sound server that does not answer",
    hint: "start PulseAudio or PipeWire for this user, or set synthesis.device to the hardware (plughw:…)",
  },
  "device-unsuitable": {
    code: "speaker-unsuitable",
    message: "does not take the sampling rate, the number of channels or the sample format given to it",
    hint: "let ALSA convert: set synthesis.device to plughw:… instead of hw:…",
  },
  "recorder-missing": {
    code: "player-missing",
    message: "cannot be reached: SoX lacks its part for ALSA",
    hint: "sudo apt-get install libsox-fmt-alsa",
  },
};

/** What a player's line means; null where it is no more than chatter. Pure. */
export function playerRemarkOf(line: string): Remark<PlayerFailure> | null {
  const late = /underrun!!! \(at least (\d+(?:\.\d+)?) ms long\)/.exec(line);
  if (late !== null) return { type: "overrun", lostMs: Number(late[1]) };
  if (/\bunder-?run\b/.test(line)) return { type: "overrun", lostMs: 0 };
  const remark = remarkOf(line);
  const failure = remark?.type === "failure" ? failures[remark.failure.code] : undefined;
  return failure === undefined ? null : { type: "failure", failure };
}

/** What to install for each player program. */
export const playerPackages = { aplay: "alsa-utils", play: "sox libsox-fmt-alsa" } as const;
