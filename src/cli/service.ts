import type { AgentOptions } from "../agent.ts";
import type { SourceEvent } from "../audio/source.ts";
import type { FleetMessage } from "../fleet/fleet.ts";
import type { CaptureNews } from "../host/capture-watch.ts";
import type { Service } from "../host/service.ts";
import type { Report } from "../recognition/report.ts";

/** What the agent tells, in the words of a service. */
export function serviceListeners(
  service: Service,
): Required<Pick<AgentOptions, "onReport" | "onCapture" | "onMessage">> {
  return {
    onReport: (report) => {
      if (sessionStands(report)) service.sessionStands();
    },
    onCapture: (event) => {
      const news = captureNews(event);
      if (news !== null) service.capture(news);
    },
    onMessage: (message) => tellMessage(service, message),
  };
}

function sessionStands(report: Report): boolean {
  return report.type === "phase" && report.phase !== "listening" && report.phase !== "stopped";
}

function captureNews(event: SourceEvent): CaptureNews | null {
  switch (event.type) {
    case "opened":
    case "audio":
      return { type: "sound" };
    case "interrupted":
      return { type: "fault", code: event.fault.code };
    case "ended":
      return { type: "over" };
    case "muted":
      return event.muted ? { type: "over" } : null;
    case "overrun":
      return null;
  }
}

function tellMessage(service: Service, { topic, payload }: FleetMessage): void {
  if ("phase" in payload) service.phase(payload.phase, payload.reason);
  const alarm = /\/up\/alarm\/([^/]+)$/.exec(topic)?.[1];
  if (alarm !== undefined && "severity" in payload)
    service.alarm(alarm, payload.status === "cleared" ? null : payload.severity);
}
