import type { AudioSource, SourceEvent } from "./source.ts";

/** A source of sound that can be muted: while it is, nothing is captured. */
export interface MutableSource extends AudioSource {
  /** Mutes or unmutes it, at any time. What was captured before has been told before. */
  mute(muted: boolean): void;
}

/**
 * Tells `muted` when it is muted and when it is not any more, and once at the start if it is then.
 * @param make the source; called again after each muting. One that cannot begin anew (a file, standard input) is made once
 *   and goes on while muted: `keepsRunning`; what it delivers then is not to be used
 */
export function mutableSource(
  make: () => AudioSource,
  { muted: mutedAtStart, keepsRunning }: { readonly muted: boolean; readonly keepsRunning: boolean },
): MutableSource {
  let state: "fresh" | "running" | "stopped" = "fresh";
  let muted = mutedAtStart;
  let tell: (event: SourceEvent) => void = () => {};
  let source: AudioSource | null = null;
  /** The end of all sources before: two recorders would be in each other's way. */
  let ended: Promise<unknown> = Promise.resolve();

  function run(): void {
    source = make();
    source.start(tell);
  }

  async function runAgain(): Promise<void> {
    await ended;
    if (state === "running" && !muted && source === null) run();
  }

  function halt(): void {
    if (source === null) return;
    ended = Promise.all([ended, source.stop()]);
    source = null;
  }

  return {
    start(listener) {
      state = "running";
      tell = listener;
      if (muted) tell({ type: "muted", muted });
      if (!muted || keepsRunning) run();
    },
    mute(now) {
      if (now === muted) return;
      muted = now;
      if (state !== "running") return;
      if (now && !keepsRunning) halt();
      tell({ type: "muted", muted });
      if (!now && !keepsRunning) void runAgain();
    },
    async stop() {
      state = "stopped";
      halt();
      await ended;
    },
  };
}
