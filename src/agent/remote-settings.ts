import { join } from "node:path";
import type { Logger } from "../base/logger.ts";
import { withRemote } from "../config/remote.ts";
import type { Settings } from "../config/schema.ts";
import type { ConfigHost } from "../fleet/config-desk.ts";
import { loadRemoteConfig, noRemoteConfig, type RemoteConfig } from "../fleet/remote-config-file.ts";

/** What the agent starts on: its own settings, with those over them that the fleet had set and that proved good. */
export function settingsInEffect(
  own: Settings,
  logger: Logger,
): { readonly settings: Settings; readonly config: RemoteConfig } {
  // Without a broker nobody could take them back.
  if (own.mqtt === undefined) return { settings: own, config: noRemoteConfig };
  const config = loadRemoteConfig(join(own.state_dir, "remote-config.json"), logger);
  const found = withRemote(own, config.settings);
  if ("settings" in found) return { settings: found.settings, config };
  // The device's own file has changed meanwhile.
  logger.warn("what the fleet had set does not go with the device's own settings any more: it is left out");
  const errors = found.problems.map(({ key, message }) => ({ key, message: message.slice(0, 299) }));
  return { settings: own, config: { ...config, settings: {}, status: "refused", errors } };
}

/** @param apply brings the agent to run on settings */
export function configHost(
  own: Settings,
  apply: (settings: Settings) => Promise<{ readonly onTrial: boolean }>,
): ConfigHost {
  return {
    check(wanted) {
      const found = withRemote(own, wanted);
      return "problems" in found ? found.problems : [];
    },
    apply(wanted) {
      const found = withRemote(own, wanted);
      return "settings" in found ? apply(found.settings) : Promise.resolve({ onTrial: false });
    },
  };
}
