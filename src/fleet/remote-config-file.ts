import * as z from "zod";
import type { Logger } from "../base/logger.ts";
import { loadKept } from "./load-kept.ts";
import { type ConfigReportPayload, configStatuses, type RemoteSettings } from "./schema-down.ts";

/** What the fleet set, and what became of it, over restarts. */
export interface RemoteConfig {
  /** What the device runs on, over its own settings. */
  readonly settings: RemoteSettings;
  /** What was last desired, as it came; null: nothing ever was. */
  readonly desired: { readonly ts: string; readonly text: string } | null;
  readonly status: ConfigReportPayload["status"];
  readonly errors: ConfigReportPayload["errors"];
}

export const noRemoteConfig: RemoteConfig = { settings: {}, desired: null, status: "own", errors: [] };

const content = z.object({
  v: z.literal(1),
  settings: z.record(z.string().max(128), z.union([z.string().max(1_000), z.number(), z.boolean()])),
  desired: z.object({ ts: z.string().max(64), text: z.string().max(100_000) }).nullable(),
  status: z.enum(configStatuses),
  errors: z.array(z.object({ key: z.string().max(128).nullable(), message: z.string().max(300) })).max(50),
});

/**
 * What is kept in a file; nothing where there is no such file, or it cannot be read (which is logged). Settings that
 * were on trial when the agent ended are not among it: they did not prove good.
 */
export function loadRemoteConfig(path: string, logger: Logger): RemoteConfig {
  const found = loadKept(path, content, "what the fleet had set", logger);
  if (found === null) return noRemoteConfig;
  const { v: _, ...kept } = found;
  if (kept.status !== "trying") return kept;
  return { ...kept, status: "rolled-back", errors: [{ key: null, message: "the agent ended while it tried them" }] };
}

export function remoteConfigText(config: RemoteConfig): string {
  return JSON.stringify({ v: 1, ...config });
}
