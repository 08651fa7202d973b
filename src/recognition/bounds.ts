import { limits, type Mode, type RasrConfig } from "../sis/request.ts";

/** The durations of a session and its connection, ms, that follow from the service's limits and our settings. */
export interface Bounds {
  /** From here on a session is rolled over as soon as nobody speaks. */
  readonly rollInPauseMs: number;
  /** Here it is rolled over in any case. */
  readonly rollMs: number;
  /** The same for a connection, however many sessions it had: its age, or all the sound sent on it. */
  readonly reconnectInPauseMs: number;
  readonly reconnectMs: number;
  /** Silence at the head of a session that ended for want of speech: what is surely silent of it. */
  readonly silentHeadMs: number;
  /** A sentence cannot have ended before this much of its session. */
  readonly shortestSentenceMs: number;
  /** A session that took this much audio was of use, whatever it gave. */
  readonly productiveMs: number;
  /** No segment is longer than this, its closing silence included. */
  readonly longestSegmentMs: number;
  /** Without audio for this long, a session is ended before the service disconnects. */
  readonly starvedMs: number;
  /** Silence that ends a segment. */
  readonly tailMs: number;
  readonly shortestChunkMs: number;
}

/** Rolling over, as parts of a limit. */
const inPause = 0.7;
const inAnyCase = 0.92;
/** Silence that a service may take note of late. */
const marginMs = 2_000;
/** Speech that the service noticed only as it gave up waiting for it is heard again from this far before. */
const preRollMs = 1_000;

export function sessionBounds(mode: Mode, config: RasrConfig): Bounds {
  const limitMs = mode === "continuous" ? limits.continuousSessionMs : limits.shortSessionMs;
  const headMs = config.vadHead ?? limits.vadHeadMs.default;
  const tailMs = config.vadTail ?? limits.vadTailMs.default;
  return {
    rollInPauseMs: limitMs * inPause,
    rollMs: limitMs * inAnyCase,
    reconnectInPauseMs: limits.connectionAudioMs * inPause,
    reconnectMs: limits.connectionAudioMs * inAnyCase,
    silentHeadMs: silentHeadMs(headMs),
    shortestSentenceMs: Math.max(tailMs, 200),
    productiveMs: Math.min(5_000, Math.max(headMs / 2, 500)),
    // Some models ignore max_seconds, so its largest value counts.
    longestSegmentMs: limits.maxSeconds.max * 1000 + tailMs + marginMs,
    starvedMs: limits.clientSilenceMs * 0.75,
    tailMs,
    shortestChunkMs: limits.chunkMs.min,
  };
}

/** With 0 it never gives up; if it does all the same, nobody knows after how long. */
function silentHeadMs(headMs: number): number {
  return headMs === 0 ? limits.vadHeadMs.default / 2 : headMs - Math.min(preRollMs, headMs / 4);
}
