import { isoTime } from "../base/iso-time.ts";
import type { Logger } from "../base/logger.ts";
import type { Report } from "./report.ts";

/** Says in the log what recognition reports. What was said never gets there. */
export function logReport(logger: Logger, report: Report): void {
  switch (report.type) {
    case "phase": {
      const { phase, reason, retryInMs } = report;
      logger.info(`recognition: ${phase}`, retryInMs === null ? { reason } : { reason, retryInMs });
      break;
    }
    case "error": {
      const { kind, code, message, traceId, action, attempt, retryInMs, hint } = report.error;
      const level = report.error.class === "service" || report.error.class === "network" ? "warn" : "error";
      logger[level](`${kind} ${code}: ${message}`, { action, attempt, retryInMs, traceId, hint });
      break;
    }
    case "session": {
      const { change, session, traceId, reason } = report;
      logger.debug(`session ${change}`, { session, traceId, reason });
      break;
    }
    case "gap": {
      const { lostMs, fromMs, toMs, cause } = report;
      const [from, to] = [isoTime(fromMs), isoTime(toMs)];
      logger.error("sound was lost", { lostMs, from, to, cause });
      break;
    }
    case "healthy":
    case "transcript":
      break;
  }
}
