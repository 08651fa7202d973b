import type { MutableSource } from "../audio/mutable-source.ts";
import { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Latch } from "./latch.ts";

/** Who mutes: a person at the device, or the fleet. */
export type Muter = "panel" | "fleet";

/** The one mute of the microphone: capture itself stops, and it stays so over restarts. */
export interface Muting {
  readonly muted: boolean;
  /**
   * @returns whether the disk has it: it cannot, or does not answer, otherwise
   * @throws Fault `command-failed` when the fleet would open a microphone that somebody at the device has muted
   */
  set(muted: boolean, by: Muter): Promise<boolean>;
}

export function openMuting(
  source: Pick<MutableSource, "silence">,
  latch: Latch,
  logger: Logger,
  onChange: (muted: boolean) => void,
): Muting {
  if (latch.on) {
    const hint = isFleets()
      ? "Send it the command unmute, or press the panel's mute key."
      : `Press the panel's mute key; where there is no panel, stop the agent and delete ${latch.path}.`;
    logger.warn("the microphone is muted since before the start", { hint });
  }

  // Where that is not known: rather deaf than listening against someone's will.
  function isFleets(): boolean {
    return latch.by === ("fleet" satisfies Muter);
  }

  return {
    get muted() {
      return latch.on;
    },
    async set(muted, by) {
      if (!muted && by === "fleet" && latch.on && !isFleets()) {
        throw new Fault("command-failed", "the microphone was muted at the device, and is unmuted there");
      }
      if (muted === latch.on) return latch.lasting;
      source.silence("mute", muted);
      onChange(muted);
      return latch.set(muted, by);
    },
  };
}
