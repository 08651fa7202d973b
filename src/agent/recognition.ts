import type { Settings } from "../config/schema.ts";

/** What recognises: one recogniser, on the agent's audio log. */
export interface Recognizing {
  readonly stopped: Promise<unknown>;
  readonly irregularities: ReadonlyMap<string, number>;
  audioArrived(): void;
  sourceEnded(): void;
  stop(): Promise<unknown>;
  /** Every wait ends at once, and a running session with its connection. */
  reconfigured(): void;
}

/** Recognition that can change its settings while sound goes on: one recogniser after the other on the same audio log. */
export interface Recognition extends Recognizing {
  /**
   * Ends the recogniser there is, with the last results of what it has sent, and goes on with another on `settings`.
   * Sound waits in the log meanwhile. One at a time. Resolves when the other is at work.
   */
  change(settings: Settings): Promise<void>;
}

type State =
  | { readonly phase: "running"; readonly recognizer: Recognizing }
  /** The one before has still to end. */
  | { readonly phase: "changing"; readonly recognizer: Recognizing }
  | { readonly phase: "stopping"; readonly recognizer: Recognizing };

/** @param make makes a recogniser; `isCurrent` tells whether what it reports is still of interest as its state */
export function startRecognition(
  settings: Settings,
  make: (settings: Settings, isCurrent: () => boolean) => Recognizing,
): Recognition {
  const stopped = Promise.withResolvers<undefined>();
  let sourceEnded = false;
  let state: State = { phase: "running", recognizer: begin(settings) };

  function begin(on: Settings): Recognizing {
    const recognizer = make(on, () => state.recognizer !== recognizer || state.phase !== "changing");
    void watch(recognizer);
    return recognizer;
  }

  async function watch(recognizer: Recognizing): Promise<void> {
    await recognizer.stopped;
    if (state.recognizer === recognizer && state.phase !== "changing") stopped.resolve(undefined);
  }

  return {
    stopped: stopped.promise,
    get irregularities() {
      return state.recognizer.irregularities;
    },
    audioArrived() {
      if (state.phase === "running") state.recognizer.audioArrived();
    },
    sourceEnded() {
      sourceEnded = true;
      if (state.phase === "running") state.recognizer.sourceEnded();
    },
    reconfigured() {
      if (state.phase === "running") state.recognizer.reconfigured();
    },
    async change(on) {
      if (state.phase !== "running") return;
      const { recognizer } = state;
      state = { phase: "changing", recognizer };
      await recognizer.stop();
      if (isStopping()) return;
      state = { phase: "running", recognizer: begin(on) };
      if (sourceEnded) state.recognizer.sourceEnded();
      else state.recognizer.audioArrived();
    },
    async stop() {
      const { recognizer } = state;
      state = { phase: "stopping", recognizer };
      await recognizer.stop();
      stopped.resolve(undefined);
    },
  };

  function isStopping(): boolean {
    return state.phase === "stopping";
  }
}
