import { arch, platform, release } from "node:os";
import type { Settings } from "../config/schema.ts";
import type { Secrets } from "../config/secrets.ts";
import type { FleetOptions } from "../fleet/fleet.ts";

/** What the fleet's room needs of the settings. */
export function fleetOptionsOf(
  settings: Settings,
  secrets: Secrets,
  program: { readonly version: string; readonly build: string },
): Pick<FleetOptions, "broker" | "info" | "publishTranscripts" | "homeAssistant"> {
  const { mqtt } = settings;
  return {
    broker: mqtt === undefined ? null : { url: mqtt.url, protocol: mqtt.protocol, user: mqtt.user, ...secrets.broker },
    info: {
      ...program,
      os: `${platform()} ${release()}`,
      hardware: arch(),
      capabilities: ["recognition", "synthesis"],
      audioFormat: settings.sis.audio_format,
    },
    publishTranscripts: mqtt?.transcripts ?? false,
    homeAssistant: mqtt?.home_assistant ?? false,
  };
}
