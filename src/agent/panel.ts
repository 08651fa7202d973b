import type { Gate } from "../audio/gate.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Settings } from "../config/schema.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type Panel, startPanel } from "../panel/panel.ts";
import type { Muting } from "./muting.ts";

/** The front panel, where there is one: what the fleet is told it shows, what its keys say is done. */
export function connectPanel(parts: {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly fleet: Pick<Fleet, "notice" | "follow">;
  readonly muting: Muting;
  readonly gate: Gate;
}): Panel | null {
  const { settings, clock, random, logger, fleet, muting, gate } = parts;
  if (settings.panel === undefined) {
    // One that was missed before the settings changed is missed no more.
    fleet.notice({ type: "panel", fault: null });
    return null;
  }

  const panel = startPanel({
    port: settings.panel.port,
    baudRate: settings.panel.baud,
    clock,
    random,
    logger,
    muted: () => muting.muted,
    command(command) {
      switch (command) {
        case "talk":
          return gate.press();
        case "talk-end":
          return gate.release();
        case "mute":
        case "unmute":
          return void muting.set(command === "mute", "panel");
      }
    },
    onFault: (fault) => fleet.notice({ type: "panel", fault }),
  });
  fleet.follow((message) => panel.tell(message));
  return panel;
}
