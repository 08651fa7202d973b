import { type Clock, pause } from "../base/clock.ts";
import type { Settings } from "../config/schema.ts";
import { noLull, stepLull } from "../recognition/lull.ts";
import type { RecognitionPhase, Report } from "../recognition/report.ts";

/** What recognises: one recogniser, on the agent's audio log. */
export interface Recognizing {
  readonly stopped: Promise<unknown>;
  readonly irregularities: ReadonlyMap<string, number>;
  audioArrived(): void;
  sourceEnded(): void;
  /** No sound comes until it is taken back. */
  rest(resting: boolean): void;
  stop(): Promise<unknown>;
  /** Every wait ends at once, and a running session with its connection. */
  reconfigured(): void;
}

/** What a recogniser tells its keeper. */
export interface RecognizerEar {
  report(report: Report): void;
  /** This is sent now. */
  sent(samples: Int16Array): void;
}

/** Recognition that can change its settings while sound goes on: one recogniser after the other on the same audio log. */
export interface Recognition extends Omit<Recognizing, "reconfigured" | "stop"> {
  /** null: it has not said yet. */
  readonly phase: RecognitionPhase | null;
  /** Begins a new session on a new connection, in the next pause between words. Resolves when that is asked for. */
  restart(): Promise<void>;
  /**
   * Ends the recogniser there is, in the next pause between words, with the last results of what it was sent, and goes on
   * with another on `settings`. Sound waits in the log meanwhile. One at a time. Resolves when the other is at work.
   */
  change(settings: Settings): Promise<void>;
  /**
   * Ends the session with its last results, and recognition with it. @param pauseWithinMs how long a pause between words is
   * waited for before that; 0: no more sound comes
   */
  stop(pauseWithinMs: number): Promise<void>;
}

type State =
  | { readonly phase: "running"; readonly recognizer: Recognizing }
  /** The one before has still to end. */
  | { readonly phase: "changing"; readonly recognizer: Recognizing }
  | { readonly phase: "stopping"; readonly recognizer: Recognizing };

/** Whoever speaks for longer without a pause has a word cut in two. */
const longestWithoutPauseMs = 10_000;
/** The end of a session, with its last results, takes no longer. */
const longestEndMs = 4_000;

/**
 * @param options.make makes a recogniser on these settings
 * @param options.onReport what recognition as a whole reports: one recogniser that makes room for the next has not stopped it
 * @param options.sampleRate Hz
 */
export function startRecognition(options: {
  readonly settings: Settings;
  readonly make: (settings: Settings, ear: RecognizerEar) => Recognizing;
  readonly onReport: (report: Report) => void;
  readonly clock: Clock;
  readonly sampleRate: number;
}): Recognition {
  const { make, onReport, clock, sampleRate } = options;
  const stopped = Promise.withResolvers<undefined>();
  let lull = noLull;
  const waitingForPause = new Set<() => void>();
  const waitingForEnd = new Set<() => void>();
  let phase: RecognitionPhase | null = null;
  let sourceEnded = false;
  let resting = false;
  let state: State = { phase: "running", recognizer: begin(options.settings) };

  function begin(on: Settings): Recognizing {
    phase = null;
    const recognizer = make(on, {
      sent(samples) {
        if (waitingForPause.size === 0) return;
        lull = stepLull(lull, samples, sampleRate);
        if (lull.quiet) answer(waitingForPause);
      },
      report(what) {
        if (what.type === "session" && what.change === "ended") answer(waitingForEnd);
        if (what.type === "phase" && what.phase === "stopped" && state.phase === "changing") return;
        if (what.type === "phase") phase = what.phase;
        // Where nothing is sent any more, no pause comes either.
        if (phase !== "streaming") for (const waiting of [waitingForPause, waitingForEnd]) answer(waiting);
        onReport(what);
      },
    });
    void watch(recognizer);
    return recognizer;
  }

  async function watch(recognizer: Recognizing): Promise<void> {
    await recognizer.stopped;
    if (state.recognizer === recognizer && state.phase !== "changing") stopped.resolve(undefined);
  }

  /** Resolves with the next answer, or after `atMostMs`. */
  async function next(waiting: Set<() => void>, atMostMs: number): Promise<void> {
    const over = new AbortController();
    const end = () => over.abort();
    waiting.add(end);
    await pause(clock, atMostMs, over.signal);
    waiting.delete(end);
  }

  /** In a pause between words, where there is a session that could cut one. */
  async function endSession(recognizer: Recognizing): Promise<void> {
    lull = noLull;
    if (isStreaming()) await next(waitingForPause, longestWithoutPauseMs);
    if (isStopping()) return;
    const ended = isStreaming() ? next(waitingForEnd, longestEndMs) : null;
    recognizer.reconfigured();
    await ended;
  }

  return {
    stopped: stopped.promise,
    get phase() {
      return phase;
    },
    get irregularities() {
      return state.recognizer.irregularities;
    },
    audioArrived: () => state.recognizer.audioArrived(),
    sourceEnded() {
      sourceEnded = true;
      state.recognizer.sourceEnded();
    },
    rest(now) {
      resting = now;
      state.recognizer.rest(now);
    },
    async restart() {
      if (state.phase === "running") await endSession(state.recognizer);
    },
    async change(on) {
      if (state.phase !== "running") return;
      const { recognizer } = state;
      await endSession(recognizer);
      if (isStopping()) return;
      state = { phase: "changing", recognizer };
      await recognizer.stop();
      if (isStopping()) return;
      state = { phase: "running", recognizer: begin(on) };
      if (resting) state.recognizer.rest(true);
      if (sourceEnded) state.recognizer.sourceEnded();
      else state.recognizer.audioArrived();
    },
    async stop(pauseWithinMs) {
      const { recognizer } = state;
      state = { phase: "stopping", recognizer };
      answer(waitingForPause);
      answer(waitingForEnd);
      lull = noLull;
      if (isStreaming() && pauseWithinMs > 0) await next(waitingForPause, pauseWithinMs);
      await recognizer.stop();
      stopped.resolve(undefined);
    },
  };

  function isStreaming(): boolean {
    return phase === "streaming";
  }

  function isStopping(): boolean {
    return state.phase === "stopping";
  }
}

function answer(waiting: Set<() => void>): void {
  for (const end of waiting) end();
}
