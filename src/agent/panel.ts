import type { Gate } from "../audio/gate.ts";
import type { MutableSource } from "../audio/mutable-source.ts";
import type { Clock } from "../base/clock.ts";
import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Settings } from "../config/schema.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { MuteLatch } from "../panel/mute-latch.ts";
import { type Panel, startPanel } from "../panel/panel.ts";

/** The front panel, where there is one: what the fleet is told it shows, what its keys say is done. */
export function connectPanel(parts: {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly fleet: Pick<Fleet, "notice" | "observe">;
  readonly latch: MuteLatch;
  readonly source: MutableSource;
  readonly gate: Gate;
}): Panel | null {
  const { settings, clock, random, logger, fleet, latch, source, gate } = parts;
  if (settings.panel === undefined) return null;

  async function mute(muted: boolean): Promise<void> {
    source.mute(muted);
    const error = await latch.set(muted);
    if (error !== null)
      logger.error("the disk cannot keep whether the microphone is muted", { muted, reason: toFault(error).message });
  }

  const panel = startPanel({
    port: settings.panel.port,
    baudRate: settings.panel.baud,
    clock,
    random,
    logger,
    muted: () => latch.muted,
    command(command) {
      switch (command) {
        case "talk":
          return gate.press();
        case "talk-end":
          return gate.release();
        case "mute":
        case "unmute":
          return void mute(command === "mute");
      }
    },
    onFault: (fault) => fleet.notice({ type: "panel", fault }),
  });
  fleet.observe((message) => panel.tell(message));
  return panel;
}
