import { Gain } from "../audio/gain.ts";
import { type PlaybackOptions, startPlayback } from "../audio/playback.ts";
import type { Sink } from "./sink.ts";

export interface SpeakerOptions extends Omit<PlaybackOptions, "leadMs"> {
  /** Louder (or, negative, quieter) than the sound comes, dB. */
  readonly gainDb: number;
  /** How much quieter than that it is to be just now, because somebody else speaks, dB. Default: it never is. */
  readonly duckedDb?: (() => number) | undefined;
  /**
   * The loudspeaker sounds from now on, or does no more. The first comes before any sound of a text, the last after all
   * of it.
   */
  readonly onSpeaking: (speaking: boolean) => void;
}

/** Sound that is waited for before a piece begins: the service sends faster than real time, but not evenly. */
const cushionMs = 150;
/** Sound that is given before its time: what has been given cannot be made quieter any more. */
const leadMs = { never: 1_000, ducked: 400 };

/** Opens the loudspeaker for one text. The player starts at once, so that it is ready when the sound is. */
export function openSpeaker(options: SpeakerOptions): Sink {
  const { sampleRate, gainDb, duckedDb, onSpeaking } = options;
  const playback = startPlayback({ ...options, leadMs: duckedDb === undefined ? leadMs.never : leadMs.ducked });
  const gain = new Gain(sampleRate);
  let speaking = false;
  const ended = playback.ended.then((fault) => {
    if (speaking) onSpeaking(false);
    return fault;
  });
  return {
    get roomMs() {
      return playback.roomMs;
    },
    cushionMs,
    give(samples) {
      if (!speaking) onSpeaking(true);
      speaking = true;
      playback.give(gain.apply(samples, gainDb - (duckedDb?.() ?? 0)));
    },
    finish: () => playback.finish(),
    stop: () => playback.stop(),
    ended,
  };
}
