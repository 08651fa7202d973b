import type { MutableSource } from "../audio/mutable-source.ts";
import { Fault, toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { MuteLatch } from "../panel/mute-latch.ts";

/** Who mutes: a person at the device, or the fleet. */
export type Muter = "panel" | "fleet";

/** The one mute of the microphone: capture itself stops, and it stays so over restarts. */
export interface Muting {
  readonly muted: boolean;
  /**
   * Resolves when the disk has it, or cannot.
   * @throws Fault `command-failed` when the fleet would open a microphone that somebody at the device has muted
   */
  set(muted: boolean, by: Muter): Promise<void>;
}

export function openMuting(
  source: Pick<MutableSource, "mute">,
  latch: MuteLatch,
  logger: Logger,
  onChange: (muted: boolean) => void,
): Muting {
  if (latch.muted) {
    const hint = `Press the panel's mute key; where there is no panel, stop the agent and delete ${latch.path}.`;
    logger.warn("the microphone is muted since before the start", { hint });
  }
  // Who muted it before a restart is not known: rather deaf than listening against someone's will.
  let mutedBy: Muter = "panel";
  return {
    get muted() {
      return latch.muted;
    },
    async set(muted, by) {
      if (!muted && by === "fleet" && latch.muted && mutedBy === "panel") {
        throw new Fault("command-failed", "the microphone was muted at the device, and is unmuted there");
      }
      if (muted === latch.muted) return;
      mutedBy = by;
      source.mute(muted);
      onChange(muted);
      const error = await latch.set(muted);
      if (error === null) return;
      const { message } = toFault(error);
      logger.error("the disk cannot keep whether the microphone is muted", { muted, reason: message });
    },
  };
}
