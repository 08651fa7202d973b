import { toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Settings } from "../config/schema.ts";
import type { MetricsSource } from "./prometheus.ts";

/** Serves metrics where the settings ask for it; a port that cannot be had is logged, and nothing else suffers. */
export function prometheusOf(
  { metrics }: Settings,
  version: string,
  logger: Logger,
  source: Omit<MetricsSource, "version">,
): { readonly stop: () => Promise<void> } {
  if (metrics === undefined) return { stop: () => Promise.resolve() };
  // Loaded only now: who does not want it does not pay for it.
  const serving = import("./prometheus.ts")
    .then(({ servePrometheus }) => servePrometheus(metrics.listen, { ...source, version }))
    .then(
      (server) => {
        logger.info("metrics are served", {
          url: `http://${metrics.listen.replace(/:0$/, `:${server.port}`)}/metrics`,
        });
        return server;
      },
      (error: unknown) => {
        const { message, hint } = toFault(error);
        logger.error(message, { hint });
        return null;
      },
    );
  return { stop: async () => (await serving)?.[Symbol.asyncDispose]() };
}
