import type { AudioSource, SourceEvent } from "./source.ts";

/**
 * A source that is one task from its start to its end. What the task tells after the stop is not passed on.
 * @param run never rejects; ends soon after `signal` aborts
 * @param onStop lets go of what would hold `run` up
 */
export function runningSource(
  run: (tell: (event: SourceEvent) => void, signal: AbortSignal) => Promise<void>,
  onStop: () => void = () => {},
): AudioSource {
  const scope = new AbortController();
  let running = Promise.resolve();
  return {
    start(listener) {
      const tell = (event: SourceEvent) => {
        if (!scope.signal.aborted) listener(event);
      };
      running = run(tell, scope.signal);
    },
    async stop() {
      scope.abort();
      onStop();
      await running;
    },
  };
}
