import { type Clock, pause } from "../base/clock.ts";
import type { Settings } from "../config/schema.ts";
import { noLull, stepLull } from "../recognition/lull.ts";
import type { RecognitionPhase, Report } from "../recognition/report.ts";

/** What recognises: one recogniser, on the agent's audio log. */
export interface Recognizing {
  readonly stopped: Promise<unknown>;
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

/** `changing`: the recogniser there is has still to end before the next one begins. */
type Stage = "running" | "changing" | "stopping";

/** What may end a wait. */
type News = Report | { readonly type: "sent"; readonly samples: Int16Array };

interface Wait {
  readonly isOver: (news: News) => boolean;
  readonly end: () => void;
}

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
  const waits = new Set<Wait>();
  let stage: Stage = "running";
  /** Each recogniser has to be told anew. */
  let source: "live" | "resting" | "ended" = "live";
  /** What the recogniser there is has said last. */
  let phase: RecognitionPhase | null = null;
  let current = begin(options.settings);

  function begin(on: Settings): Recognizing {
    phase = null;
    const recognizer = make(on, {
      sent: (samples) => hear({ type: "sent", samples }),
      report(what) {
        if (what.type === "phase" && what.phase === "stopped" && stage === "changing") return;
        if (what.type === "phase") phase = what.phase;
        hear(what);
        onReport(what);
      },
    });
    void watch(recognizer);
    return recognizer;
  }

  async function watch(recognizer: Recognizing): Promise<void> {
    await recognizer.stopped;
    if (current === recognizer && stage !== "changing") stopped.resolve(undefined);
  }

  /** Where nothing is sent any more, neither a pause comes nor an end. */
  function hear(news: News): void {
    for (const wait of waits) if (!isStreaming() || wait.isOver(news)) wait.end();
  }

  /** Resolves when `isOver`, when nothing is sent any more, or after `atMostMs`. */
  async function waitFor(isOver: (news: News) => boolean, atMostMs: number): Promise<void> {
    if (!isStreaming()) return;
    const over = new AbortController();
    const wait = { isOver, end: () => over.abort() };
    waits.add(wait);
    await pause(clock, atMostMs, over.signal);
    waits.delete(wait);
  }

  /** In a pause between words, where there is a session that could cut one. */
  async function endSession(): Promise<void> {
    await waitFor(isPause(sampleRate), longestWithoutPauseMs);
    if (isStopping()) return;
    const ended = waitFor(isEnd, longestEndMs);
    current.reconfigured();
    await ended;
  }

  return {
    stopped: stopped.promise,
    get phase() {
      return phase;
    },
    audioArrived: () => current.audioArrived(),
    sourceEnded() {
      source = "ended";
      current.sourceEnded();
    },
    rest(now) {
      if (source !== "ended") source = now ? "resting" : "live";
      current.rest(now);
    },
    async restart() {
      if (stage === "running") await endSession();
    },
    async change(on) {
      if (stage !== "running") return;
      await endSession();
      if (isStopping()) return;
      stage = "changing";
      await current.stop();
      if (isStopping()) return;
      current = begin(on);
      stage = "running";
      if (source === "resting") current.rest(true);
      if (source === "ended") current.sourceEnded();
      else current.audioArrived();
    },
    async stop(pauseWithinMs) {
      stage = "stopping";
      for (const wait of waits) wait.end();
      if (pauseWithinMs > 0) await waitFor(isPause(sampleRate), pauseWithinMs);
      await current.stop();
      stopped.resolve(undefined);
    },
  };

  function isStreaming(): boolean {
    return phase === "streaming";
  }

  function isStopping(): boolean {
    return stage === "stopping";
  }
}

/** Whether what has been sent so far ends in a pause between words. */
function isPause(sampleRate: number): (news: News) => boolean {
  let lull = noLull;
  return (news) => {
    if (news.type === "sent") lull = stepLull(lull, news.samples, sampleRate);
    return lull.quiet;
  };
}

function isEnd(news: News): boolean {
  return news.type === "session" && news.change === "ended";
}
