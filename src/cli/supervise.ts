import type { Agent } from "../agent.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";

/** Where signals are heard: the process. */
export interface Signals {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

/** Who wants to know of the signals. */
export interface Listeners {
  /** The stop begins. */
  readonly onStop: () => void;
  /**
   * SIGHUP asks for a reload; never rejects. null: it is what it says, as the end of the terminal that the agent was
   * started at.
   */
  readonly onHangUp: ((agent: Agent) => Promise<void>) | null;
}

/** A service manager is promised an end within 5 s: leaving unfinished is better than being killed. */
const longestStopMs = 4500;

/**
 * Starts the agent and waits until it has ended: by itself, or because SIGTERM or SIGINT asked for it. A second signal
 * ends the wait at once; so does a stop that takes longer than 4.5 s.
 * @returns the process's exit code
 * @throws what the agent's start, end or stop rejects with
 */
export async function supervise(
  startAgent: () => Promise<Agent>,
  logger: Logger,
  clock: Clock,
  signals: Signals,
  listeners: Listeners,
): Promise<number> {
  const end = Promise.withResolvers<number>();
  let deadline: Disposable | null = null;

  const outcome = async () => {
    const { fault } = await (await starting).finished;
    if (deadline !== null) return; // the stop that was asked for tells the outcome
    if (fault !== null) logger.error(fault.message, { code: fault.code, hint: fault.hint });
    end.resolve(fault === null ? exitCodes.fine : exitCodeOf(fault));
  };
  const stop = async (signal: NodeJS.Signals) => {
    logger.info("stopping", { signal });
    listeners.onStop();
    deadline = clock.after(longestStopMs, () => {
      logger.error("stopping takes too long: leaving unfinished", { limitMs: longestStopMs });
      end.resolve(exitCodes.fine);
    });
    await (await starting).stop(`signal ${signal}`);
    end.resolve(exitCodes.fine);
  };
  const onStopSignal = (signal: NodeJS.Signals) => {
    if (deadline === null) {
      stop(signal).catch(end.reject);
      return;
    }
    logger.warn("a second signal: leaving at once", { signal });
    end.resolve(exitCodes.failed);
  };
  const onHangUp = (signal: NodeJS.Signals) => {
    const { onHangUp: reload } = listeners;
    if (reload === null) onStopSignal(signal);
    else if (deadline === null) starting.then(reload).catch(end.reject);
  };

  using cleanUp = new DisposableStack();
  cleanUp.defer(() => deadline?.[Symbol.dispose]());
  for (const [signal, listener] of [
    ["SIGTERM", onStopSignal],
    ["SIGINT", onStopSignal],
    ["SIGHUP", onHangUp],
  ] as const) {
    signals.on(signal, listener);
    cleanUp.defer(() => signals.off(signal, listener));
  }
  // Listening already: a signal that comes while the agent starts stops it as soon as it has.
  const starting = startAgent();
  outcome().catch(end.reject);
  return await end.promise;
}
