import type { AudioSource, Silencer, SourceEvent } from "./source.ts";

/** A source of sound that can be silenced: while it is, nothing is captured. */
export interface MutableSource extends AudioSource {
  /** Silences it for a reason, or takes the reason back, at any time. What was captured before has been told before. */
  silence(by: Silencer, on: boolean): void;
}

/**
 * Tells `muted` when it is silenced, when it is for another reason, and when it is not any more; and once at the start if
 * it is then.
 * @param make the source; called again after each silence. One that cannot begin anew (a file, standard input) is made once
 *   and goes on while silenced: `keepsRunning`; what it delivers then is not to be used
 */
export function mutableSource(
  make: () => AudioSource,
  options: { readonly silencedBy: readonly Silencer[]; readonly keepsRunning: boolean },
): MutableSource {
  const { keepsRunning } = options;
  const silencers = new Set(options.silencedBy);
  let state: "fresh" | "running" | "stopped" = "fresh";
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
    if (state === "running" && silencers.size === 0 && source === null) run();
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
      const by = foremost(silencers);
      if (by !== null) tell({ type: "muted", muted: true, by });
      if (by === null || keepsRunning) run();
    },
    silence(why, on) {
      const before = foremost(silencers);
      if (on) silencers.add(why);
      else silencers.delete(why);
      const by = foremost(silencers);
      if (by === before || state !== "running") return;
      if (by !== null && !keepsRunning) halt();
      tell(by === null ? { type: "muted", muted: false } : { type: "muted", muted: true, by });
      if (by === null && !keepsRunning) void runAgain();
    },
    async stop() {
      state = "stopped";
      halt();
      await ended;
    },
  };
}

/** Whoever muted it must be able to see that it is: that is told first. */
function foremost(silencers: ReadonlySet<Silencer>): Silencer | null {
  if (silencers.has("mute")) return "mute";
  return silencers.has("stop") ? "stop" : null;
}
