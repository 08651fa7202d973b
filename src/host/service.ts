import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import {
  type Capture,
  type CaptureNews,
  captureMendingMs,
  feeds,
  silentCapture,
  stepCapture,
} from "./capture-watch.ts";
import { isReady } from "./readiness.ts";
import type { ServiceManager } from "./service-manager.ts";
import { statusText } from "./status-text.ts";

/** The agent as a service: what its manager is told of it. Nothing here throws or blocks. */
export interface Service extends Disposable {
  capture(news: CaptureNews): void;
  /** Recognition streams, or has said what it waits for. */
  sessionStands(): void;
  /** What the device is doing, and why. */
  phase(phase: string, reason: string): void;
  /** @param severity null: it is cleared */
  alarm(type: string, severity: string | null): void;
  /** Tells the manager that settings are being taken over, for as long as `work` lasts. */
  whileReloading(work: () => Promise<void>): Promise<void>;
  stopping(): void;
}

export interface ServiceOptions {
  readonly manager: ServiceManager;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sound that waits to be sent, ms. */
  readonly backlogMs: () => number;
}

/** What comes within this time is told in one go. */
const batchMs = 250;
/** A watchdog is fed this often in its time; the backlog in the status is as fresh as that. */
const feedsPerWatchdog = 3;
const refreshMs = 20_000;

/** Tells the manager when the agent has started, how it is, and that it is alive. Disposing ends that. */
export function startService({ manager, clock, logger, backlogMs }: ServiceOptions): Service {
  const startMs = clock.monotonicMs();
  const alarms = new Map<string, string>();
  let capture: Capture = silentCapture(startMs);
  let device = { phase: "starting", reason: "" };
  let session: "awaited" | "stands" = "awaited";
  let life: "starting" | "ready" | "stopping" = "starting";
  let watchdog: "fed" | "starved" = "fed";
  let told = "";
  let batch: Disposable | null = null;
  let pulse: Disposable | null = null;

  function tellSoon(): void {
    batch ??= clock.after(batchMs, () => {
      batch = null;
      tellNow({});
    });
  }

  function tellNow(news: Record<string, string>): void {
    const status = statusText({ ...device, alarms, backlogMs: backlogMs() });
    if (status !== told) news["STATUS"] = told = status;
    const nowMs = clock.monotonicMs();
    if (life === "starting" && isReady(capture, session === "stands", nowMs - startMs)) {
      life = "ready";
      news["READY"] = "1";
    }
    if (Object.keys(news).length > 0) void manager.tell(news);
  }

  function beat(): void {
    pulse = clock.after(manager.watchdogMs === null ? refreshMs : manager.watchdogMs / feedsPerWatchdog, beat);
    if (manager.watchdogMs === null || life === "stopping") return tellNow({});
    const before = watchdog;
    watchdog = feeds(capture, clock.monotonicMs()) ? "fed" : "starved";
    if (watchdog === "fed") return tellNow({ WATCHDOG: "1" });
    if (before === "fed") {
      logger.error("no sound could be had by any means: the service manager is left to restart the agent", {
        afterMs: captureMendingMs,
      });
    }
    tellNow({});
  }

  beat();
  return {
    capture(news) {
      const { phase } = capture;
      capture = stepCapture(capture, news, clock.monotonicMs());
      if (capture.phase !== phase) tellSoon();
    },
    sessionStands() {
      if (session === "awaited") tellSoon();
      session = "stands";
    },
    phase(phase, reason) {
      if (life === "stopping") return;
      device = { phase, reason };
      tellSoon();
    },
    alarm(type, severity) {
      if (severity === null) alarms.delete(type);
      else alarms.set(type, severity);
      tellSoon();
    },
    async whileReloading(work) {
      await manager.tell({ RELOADING: "1" });
      try {
        await work();
      } finally {
        if (life === "ready") await manager.tell({ READY: "1" });
      }
    },
    stopping() {
      life = "stopping";
      device = { phase: "stopping", reason: "" };
      tellNow({ STOPPING: "1" });
    },
    [Symbol.dispose]() {
      batch?.[Symbol.dispose]();
      pulse?.[Symbol.dispose]();
    },
  };
}
