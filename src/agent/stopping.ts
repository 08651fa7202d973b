import type { MutableSource } from "../audio/mutable-source.ts";
import type { Logger } from "../base/logger.ts";
import type { Latch } from "./latch.ts";

/**
 * The fleet's switch: while the device is stopped, nothing is captured and, once what was captured before is recognised,
 * nothing is asked of the service. It stays so over restarts. Speaking, alarms and commands go on.
 * @returns stops it, or starts it again; resolves when the disk has it, or cannot, or does not answer: false, then
 */
export function openStopping(
  source: Pick<MutableSource, "silence">,
  latch: Latch,
  logger: Logger,
): (stopped: boolean) => Promise<boolean> {
  if (latch.on) {
    const hint = `Send it the command start, or stop the agent and delete ${latch.path}.`;
    logger.warn("the fleet has stopped this device before its start: it does not listen", { hint });
  }
  return async (stopped) => {
    if (stopped === latch.on) return latch.lasting;
    source.silence("stop", stopped);
    logger.info(stopped ? "stopped by the fleet: it does not listen any more" : "started by the fleet: it listens");
    return latch.set(stopped, "fleet");
  };
}
