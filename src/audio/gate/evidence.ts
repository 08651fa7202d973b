/** What one frame of sound gives to go by. */
export interface Clue {
  /** It sounds like a voice. */
  readonly voice: boolean;
  /** Its loudness, hum apart, dBFS. */
  readonly levelDb: number;
}

/** What has to be remembered of past frames. */
export interface Evidence {
  /** The quietest frame of each of the last stretches of `stretchFrames`, dBFS, oldest first. */
  readonly floors: readonly number[];
  /** The quietest of the stretch that has begun, and how many frames it has. */
  readonly floor: number;
  readonly frames: number;
  /** The latest `windowFrames`, oldest first: their loudness, dBFS, or −∞ for one that cannot be speech. */
  readonly recent: readonly number[];
}

/** Noise is what goes on and on: the quietest frame of the last 5 s. The syllables of speech, and its pauses, leave gaps. */
const stretchFrames = 25;
const stretches = 10;
/** Steady noise stays within this much of its quietest frame, dB. */
const overFloorDb = 6;
/** So many frames in a row make speech, 60 ms, … */
const speechFrames = 3;
/** … none much fainter than the loudest of 200 ms, dB: the click of a key is gone sooner, and what it leaves is far below. */
const underPeakDb = 20;
export const windowFrames = 10;

const never = Number.NEGATIVE_INFINITY;

/** At first nothing is taken for noise: whoever is speaking already must not be missed. */
export const noEvidence: Evidence = {
  floors: Array.from({ length: stretches }, () => never),
  floor: Number.POSITIVE_INFINITY,
  frames: 0,
  recent: Array.from({ length: windowFrames }, () => never),
};

/** After another frame. */
export function stepEvidence(evidence: Evidence, { voice, levelDb }: Clue): Evidence {
  const noiseDb = Math.min(...evidence.floors, evidence.floor);
  const possible = voice && levelDb > noiseDb + overFloorDb;
  const recent = [...evidence.recent.slice(1), possible ? levelDb : never];
  const floor = Math.min(evidence.floor, levelDb);
  const frames = evidence.frames + 1;
  if (frames < stretchFrames) return { floors: evidence.floors, floor, frames, recent };
  return { floors: [...evidence.floors.slice(1), floor], floor: Number.POSITIVE_INFINITY, frames: 0, recent };
}

/** Whether someone is speaking. */
export function isSpeech({ recent }: Evidence): boolean {
  const leastDb = Math.max(...recent) - underPeakDb;
  let run = 0;
  for (const levelDb of recent) {
    run = levelDb > leastDb ? run + 1 : 0;
    if (run === speechFrames) return true;
  }
  return false;
}

/** Whether someone may have begun to speak. */
export function maySpeak({ recent }: Evidence): boolean {
  return recent.some((levelDb) => levelDb > never);
}
