import { tallyOf } from "../audio/level.ts";

/** How long it must be quiet to count as a pause between words, ms. */
const lullMs = 300;
/** Quiet is up to 6 dB above the quietest so far and 12 dB below the loudest, and in any case what is below −55 dBFS. */
export const overFloor = 2;
const underPeak = 4;
export const surelyQuiet = 58;

/** What has to be remembered of a session's sound to tell a pause: amplitudes are RMS values of 16-bit samples. */
export interface Lull {
  /** The quietest and the loudest stretch of `lullMs` so far. */
  readonly floor: number;
  readonly peak: number;
  /** The latest pieces, together `lullMs` or a little more. */
  readonly recent: readonly { readonly samples: number; readonly sumOfSquares: number }[];
  /** It is quiet now: whatever was being said is at its end. */
  readonly quiet: boolean;
}

export const noLull: Lull = { floor: Number.POSITIVE_INFINITY, peak: 0, recent: [], quiet: false };

/** After another piece of the session's sound. @param sampleRate Hz */
export function stepLull(lull: Lull, samples: Int16Array, sampleRate: number): Lull {
  const { sumOfSquares } = tallyOf(samples);
  const wanted = (lullMs * sampleRate) / 1000;
  const recent = [...lull.recent, { samples: samples.length, sumOfSquares }];
  while (recent.length > 1 && total(recent.slice(1)).samples >= wanted) recent.shift();
  const window = total(recent);
  if (window.samples < wanted) return { ...lull, recent, quiet: false };
  const rms = Math.sqrt(window.sumOfSquares / window.samples);
  const floor = Math.min(lull.floor, rms);
  const peak = Math.max(lull.peak, rms);
  const isQuiet = rms <= surelyQuiet || (rms <= overFloor * floor && rms * underPeak <= peak);
  return { floor, peak, recent, quiet: isQuiet };
}

function total(pieces: Lull["recent"]): Lull["recent"][number] {
  return pieces.reduce(
    (sum, piece) => ({ samples: sum.samples + piece.samples, sumOfSquares: sum.sumOfSquares + piece.sumOfSquares }),
    { samples: 0, sumOfSquares: 0 },
  );
}
