import { type PlaybackOptions, startPlayback } from "../audio/playback.ts";
import type { Sink } from "./sink.ts";

export interface SpeakerOptions extends PlaybackOptions {
  /** Louder (or, negative, quieter) than the sound comes, dB. */
  readonly gainDb: number;
  /**
   * The loudspeaker sounds from now on, or does no more. The first comes before any sound of a text, the last after all
   * of it. @param atMs monotonic
   */
  readonly onSpeaking: (speaking: boolean, atMs: number) => void;
}

/** Sound that is waited for before a piece begins: the service sends faster than real time, but not evenly. */
const cushionMs = 150;

/** Opens the loudspeaker for one text. The player starts at once, so that it is ready when the sound is. */
export function openSpeaker(options: SpeakerOptions): Sink {
  const { clock, gainDb, onSpeaking } = options;
  const playback = startPlayback(options);
  const factor = 10 ** (gainDb / 20);
  let speaking = false;
  const ended = playback.ended.then((fault) => {
    if (speaking) onSpeaking(false, clock.monotonicMs());
    return fault;
  });
  return {
    get roomMs() {
      return playback.roomMs;
    },
    cushionMs,
    give(samples) {
      if (!speaking) onSpeaking(true, clock.monotonicMs());
      speaking = true;
      playback.give(factor === 1 ? samples : amplified(samples, factor));
    },
    finish: () => playback.finish(),
    stop: () => playback.stop(),
    ended,
  };
}

/** What is beyond full scale is cut off. */
function amplified(samples: Int16Array, factor: number): Int16Array {
  const louder = new Int16Array(samples.length);
  for (let n = 0; n < samples.length; n += 1) {
    louder[n] = Math.max(-32_768, Math.min(32_767, Math.round((samples[n] ?? 0) * factor)));
  }
  return louder;
}
